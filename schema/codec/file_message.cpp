#include "schema/codec/file_message.h"

#include "schema/codec/shapes.h"
#include "schema/file.capnp.h"

namespace windlass::codec {

WINDLASS_ENUM(FileAction, delete_user, DELETE_USER)

WINDLASS_STRUCT(NodeUser, (name, Name), (is_admin, IsAdmin), (expires, Expires),
                (password, Password), (ssh_public_key, SshPublicKey), (asked_by, AskedBy))
WINDLASS_STRUCT(FileRequest, (id, Id), (node_id, NodeId), (folder, Folder), (path, Path),
                (action, Action), (offset, Offset), (bytes_max, BytesMax), (recursive, Recursive),
                (after, After), (entries_max, EntriesMax), (name_prefix, NamePrefix),
                (container_url, ContainerUrl), (logs_from, LogsFrom), (logs_until, LogsUntil),
                (user, User))
WINDLASS_STRUCT(FileProperties, (name, Name), (is_directory, IsDirectory),
                (content_length, ContentLength), (last_modified, LastModified),
                (creation_time, CreationTime), (mode, Mode))
WINDLASS_STRUCT(FileReply, (id, Id), (error, Error), (properties, Properties), (data, Data),
                (entries, Entries), (more, More), (files_total, FilesTotal))

}  // namespace windlass::codec

namespace windlass {

std::string encode(const FileRequest& value) {
  return codec::build<wire::FileRequest>(
      [&](auto root) { codec::Codec<FileRequest>::put(root, value); });
}
Result<FileRequest> decode_file_request(std::string_view bytes) {
  return codec::read<FileRequest, wire::FileRequest>(
      bytes, [](auto root, FileRequest& value) { codec::Codec<FileRequest>::take(root, value); });
}

std::string encode(const FileReply& value) {
  return codec::build<wire::FileReply>(
      [&](auto root) { codec::Codec<FileReply>::put(root, value); });
}
Result<FileReply> decode_file_reply(std::string_view bytes) {
  return codec::read<FileReply, wire::FileReply>(
      bytes, [](auto root, FileReply& value) { codec::Codec<FileReply>::take(root, value); });
}

}  // namespace windlass
