#include "schema/codec/task_document.h"

#include "schema/codec/shapes.h"

namespace windlass {

namespace {
constexpr std::uint16_t kFormatVersion = 1;
}  // namespace

std::string encode_task_document(const TaskDocument& document) {
  return codec::build<wire::TaskDocument>([&](wire::TaskDocument::Builder root) {
    root.setFormatVersion(kFormatVersion);
    codec::Codec<TaskDocument>::put(root, document);
  });
}

Result<TaskDocument> decode_task_document(std::string_view bytes) {
  return codec::read<TaskDocument, wire::TaskDocument>(
      bytes, [](wire::TaskDocument::Reader root, TaskDocument& document) {
        if (root.getFormatVersion() != kFormatVersion)
          throw codec::Malformed("unknown format version of a task document");
        codec::Codec<TaskDocument>::take(root, document);
      });
}

}  // namespace windlass
