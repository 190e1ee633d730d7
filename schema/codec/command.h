// Bytes of model/command.h: commands, questions and their answers.
// Decoding takes any bytes; what is not such a message is an Error.
#pragma once

#include "model/command.h"
#include "model/result.h"

#include <string>
#include <string_view>

namespace windlass {

std::string encode(const Command& value);
Result<Command> decode_command(std::string_view bytes);
std::string encode(const Answer& value);
Result<Answer> decode_answer(std::string_view bytes);

}  // namespace windlass
