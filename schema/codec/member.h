// Members, tokens and enrolment as bytes (between processes) and as JSON text (in files). Decoding
// takes anything; what is not such a value is an Error.
#pragma once

#include "model/member.h"
#include "model/result.h"

#include <string>
#include <string_view>

namespace windlass {

std::string encode(const EnrolmentRequest& value);
Result<EnrolmentRequest> decode_enrolment_request(std::string_view bytes);
std::string encode(const EnrolmentReply& value);
Result<EnrolmentReply> decode_enrolment_reply(std::string_view bytes);
std::string encode(const JoinToken& value);
Result<JoinToken> decode_join_token(std::string_view bytes);

std::string json_text(const MemberDirectory& value);
Result<MemberDirectory> member_directory_of_json(std::string_view text);
std::string json_text(const Membership& value);
Result<Membership> membership_of_json(std::string_view text);

}  // namespace windlass
