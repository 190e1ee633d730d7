#include "storage/core/refusal.h"

namespace windlass::storage {
namespace {

struct Row {
  unsigned status;
  std::string_view code;
  std::string_view sentence;
};

const Row& row(BlobError error) {
  static constexpr Row kRows[] = {
#define WINDLASS_X(name, status, code, sentence) {status, code, sentence},
      WINDLASS_BLOB_ERRORS(WINDLASS_X)
#undef WINDLASS_X
  };
  const auto index = static_cast<std::size_t>(error);
  WINDLASS_ASSERT(index < std::size(kRows));
  return kRows[index];
}

}  // namespace

unsigned status_of(BlobError error) {
  return row(error).status;
}
std::string_view code_of(BlobError error) {
  return row(error).code;
}
std::string_view sentence_of(BlobError error) {
  return row(error).sentence;
}

}  // namespace windlass::storage
