// Bytes of model/file_message.h: reading node files.
// Decoding takes any bytes; what is not such a message is an Error.
#pragma once

#include "model/file_message.h"
#include "model/result.h"

#include <string>
#include <string_view>

namespace windlass {

std::string encode(const FileRequest& value);
Result<FileRequest> decode_file_request(std::string_view bytes);
std::string encode(const FileReply& value);
Result<FileReply> decode_file_reply(std::string_view bytes);

}  // namespace windlass
