// What processes send each other: envelopes, bundles and each message in them. Whatever decodes is
// a value: encoded again it comes back.
#include "schema/codec/command.h"
#include "schema/codec/envelope.h"
#include "schema/codec/file_message.h"
#include "schema/codec/member.h"
#include "schema/codec/shard_message.h"
#include "schema/codec/task_document.h"
#include "schema/codec/worker_message.h"
#include "tests/fuzz/target.h"
#include "tests/schema/random_value.h"

#include <array>

namespace windlass::test {
template <>
inline constexpr EnrolmentWish kLast<EnrolmentWish> = EnrolmentWish::copy;
template <>
inline constexpr EnrolmentOutcome kLast<EnrolmentOutcome> = EnrolmentOutcome::revoked;
}  // namespace windlass::test

namespace windlass::fuzz {
namespace {

struct Codec {
  void (*judge)(std::string_view bytes);
  std::string (*random)(test::RandomValues& random);
};

template <auto encode_one, auto decode_one>
struct CodecOf {
  using Value = std::remove_cvref_t<decltype(*decode_one({}))>;
  static void judge(std::string_view bytes) {
    const auto value = decode_one(bytes);
    if (!value) {
      WINDLASS_ASSERT(value.error().code == ErrorCode::invalid_input);
      return;
    }
    const auto again = decode_one(encode_one(*value));
    WINDLASS_ASSERT(again.has_value());
    WINDLASS_ASSERT(*again == *value);
  }
  static std::string random(test::RandomValues& random) { return encode_one(random.make<Value>()); }
};
template <class Value, Result<Value> (*decode_one)(std::string_view)>
constexpr Codec codec() {
  using Of = CodecOf<static_cast<std::string (*)(const Value&)>(encode), decode_one>;
  return {Of::judge, Of::random};
}
constexpr Codec document_codec() {
  using Of = CodecOf<encode_task_document, decode_task_document>;
  return {Of::judge, Of::random};
}

void judge_bundle(std::string_view bytes) {
  const auto bundle = Bundle::decode(bytes);
  if (!bundle) return;
  std::size_t size = 0;
  for (const BundleEntry& entry : bundle->entries()) {
    size += entry.message.size();
    (void)decode_command(entry.message);
    (void)decode_from_worker(entry.message);
  }
  // Entries may overlap in hostile bytes, though not without end: reading has its budget.
  WINDLASS_ASSERT(size <= 2 * bytes.size() + 64 * 8);
  const auto again = Bundle::decode(encode_bundle(bundle->entries()));
  WINDLASS_ASSERT(again.has_value());
  WINDLASS_ASSERT(again->entries().size() == bundle->entries().size());
}
std::string random_bundle(test::RandomValues& random) {
  const std::string first = encode(random.make<Command>());
  const std::string second = encode(random.make<FromWorker>());
  return encode_bundle(std::vector<BundleEntry>{{0, first}, {7, second}});
}

constexpr std::array kCodecs = {codec<Command, decode_command>(),
                                codec<Answer, decode_answer>(),
                                codec<FromWorker, decode_from_worker>(),
                                codec<ToWorker, decode_to_worker>(),
                                codec<ShardMessage, decode_shard_message>(),
                                codec<ShardAcknowledge, decode_shard_acknowledge>(),
                                codec<FileRequest, decode_file_request>(),
                                codec<FileReply, decode_file_reply>(),
                                codec<Envelope, decode_envelope>(),
                                codec<HelloBody, decode_hello_body>(),
                                codec<StatusBody, decode_status_body>(),
                                codec<Undeliverable, decode_undeliverable>(),
                                codec<OpenSession, decode_open_session>(),
                                codec<SessionRefused, decode_session_refused>(),
                                codec<EnrolmentRequest, decode_enrolment_request>(),
                                codec<EnrolmentReply, decode_enrolment_reply>(),
                                codec<JoinToken, decode_join_token>(),
                                document_codec(),
                                Codec{judge_bundle, random_bundle}};

void run(std::string_view input) {
  Choices choices(input);
  const Codec& codec = kCodecs[choices.below(kCodecs.size())];
  codec.judge(choices.rest());  // not on a word's boundary: a copy is made
}

std::vector<std::string> seeds() {
  std::vector<std::string> seeds;
  for (std::size_t i = 0; i < kCodecs.size(); ++i) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
      test::RandomValues random(seed);
      seeds.push_back(chosen(i, kCodecs[i].random(random)));
    }
  }
  return seeds;
}

const Target kTarget("messages", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
