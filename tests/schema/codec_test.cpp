// Every message comes back as it went out, and no bytes whatever make a decoder misbehave.
#include "schema/codec/command.h"
#include "schema/codec/envelope.h"
#include "schema/codec/file_message.h"
#include "schema/codec/shard_message.h"
#include "schema/codec/task_document.h"
#include "schema/codec/worker_message.h"
#include "tests/schema/random_value.h"

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>

using namespace windlass;
using windlass::test::RandomValues;

namespace {

constexpr std::uint64_t kSeeds = 300;

// One type and its two functions.
#define WINDLASS_CODEC_UNDER_TEST(Type, decode_function)                               \
  struct Type##Codec {                                                                 \
    using Value = Type;                                                                \
    static std::string out(const Value& value) { return encode(value); }               \
    static Result<Value> in(std::string_view bytes) { return decode_function(bytes); } \
  };
WINDLASS_CODEC_UNDER_TEST(Command, decode_command)
WINDLASS_CODEC_UNDER_TEST(Answer, decode_answer)
WINDLASS_CODEC_UNDER_TEST(FromWorker, decode_from_worker)
WINDLASS_CODEC_UNDER_TEST(ToWorker, decode_to_worker)
WINDLASS_CODEC_UNDER_TEST(ShardMessage, decode_shard_message)
WINDLASS_CODEC_UNDER_TEST(ShardAcknowledge, decode_shard_acknowledge)
WINDLASS_CODEC_UNDER_TEST(FileRequest, decode_file_request)
WINDLASS_CODEC_UNDER_TEST(FileReply, decode_file_reply)
WINDLASS_CODEC_UNDER_TEST(Envelope, decode_envelope)
WINDLASS_CODEC_UNDER_TEST(HelloBody, decode_hello_body)
WINDLASS_CODEC_UNDER_TEST(StatusBody, decode_status_body)
WINDLASS_CODEC_UNDER_TEST(Undeliverable, decode_undeliverable)
WINDLASS_CODEC_UNDER_TEST(OpenSession, decode_open_session)
WINDLASS_CODEC_UNDER_TEST(SessionRefused, decode_session_refused)
struct TaskDocumentCodec {
  using Value = TaskDocument;
  static std::string out(const Value& value) { return encode_task_document(value); }
  static Result<Value> in(std::string_view bytes) { return decode_task_document(bytes); }
};

using Codecs =
    boost::mpl::list<CommandCodec, AnswerCodec, FromWorkerCodec, ToWorkerCodec, ShardMessageCodec,
                     ShardAcknowledgeCodec, FileRequestCodec, FileReplyCodec, EnvelopeCodec,
                     HelloBodyCodec, StatusBodyCodec, UndeliverableCodec, OpenSessionCodec,
                     SessionRefusedCodec, TaskDocumentCodec>;

}  // namespace

BOOST_AUTO_TEST_SUITE(schema_codec)

BOOST_AUTO_TEST_CASE_TEMPLATE(what_goes_out_comes_back, C, Codecs) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      RandomValues random(seed);
      const auto value = random.make<typename C::Value>();
      const std::string bytes = C::out(value);
      const auto back = C::in(bytes);
      BOOST_REQUIRE(back.has_value());
      BOOST_REQUIRE(*back == value);
      BOOST_REQUIRE(C::out(*back) == bytes);
    }
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(bytes_need_not_be_aligned, C, Codecs) {
  RandomValues random(7);
  const auto value = random.make<typename C::Value>();
  for (std::size_t shift = 1; shift < 8; ++shift) {
    const std::string shifted = std::string(shift, 'x') + C::out(value);
    const auto back = C::in(std::string_view(shifted).substr(shift));
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST((*back == value));
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(any_cut_is_an_error_or_a_value, C, Codecs) {
  RandomValues random(3);
  const std::string bytes = C::out(random.make<typename C::Value>());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    // Exactly as long as it is, so that a sanitizer sees each step beyond the end.
    const std::vector<char> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const auto back = C::in(std::string_view(cut.data(), cut.size()));
    BOOST_TEST(!back.has_value());
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(any_damage_is_an_error_or_a_value, C, Codecs) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      RandomValues random(seed);
      std::string bytes = C::out(random.make<typename C::Value>());
      const std::uint64_t places = 1 + random.below(8);
      for (std::uint64_t i = 0; i < places; ++i)
        bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
      const auto back = C::in(bytes);
      if (back.has_value()) C::out(*back);  // whatever it is, it is a value
    }
  }
}

BOOST_AUTO_TEST_CASE(large_messages_span_segments) {
  AddTasks add{"job", {}};
  for (int i = 0; i < 100; ++i) {
    NewTask task;
    task.id = "task-" + std::to_string(i);
    task.document.assign(50'000, static_cast<char>('a' + i % 26));
    add.tasks.push_back(std::move(task));
  }
  const Command command{"account", add};
  const auto back = decode_command(encode(command));
  BOOST_REQUIRE(back.has_value());
  BOOST_TEST((*back == command));
}

BOOST_AUTO_TEST_CASE(documents_of_another_format_are_refused) {
  // Word 0 is the segment header, word 1 the root pointer, word 2 begins with the version.
  std::string bytes = encode_task_document(TaskDocument{.command_line = "true"});
  BOOST_TEST_REQUIRE(bytes[16] == 1);
  bytes[16] = 2;
  BOOST_TEST(!decode_task_document(bytes).has_value());
  bytes[16] = 0;
  BOOST_TEST(!decode_task_document(bytes).has_value());
}

BOOST_AUTO_TEST_CASE(a_message_of_claims_alone_does_not_take_memory) {
  // A list that says it has half a billion elements of no size: the reader's budget ends it.
  const std::string bytes(
      "\x00\x00\x00\x00\x03\x00\x00\x00"   // one segment of three words
      "\x00\x00\x00\x00\x00\x00\x01\x00"   // root: no data, one pointer
      "\x01\x00\x00\x00\x07\x00\x00\x00"   // list of structs, its tag follows
      "\xfc\xff\xff\x7f\x00\x00\x00\x00",  // half a billion of them
      32);
  BOOST_TEST(!decode_hello_body(bytes).has_value());
  BOOST_TEST(!Bundle::decode(bytes).has_value());
}

BOOST_AUTO_TEST_CASE(bundles_come_back_as_views) {
  RandomValues random(5);
  std::vector<std::string> messages;
  for (int i = 0; i < 50; ++i) messages.push_back(encode(random.make<FromWorker>()));
  std::vector<BundleEntry> entries;
  for (std::size_t i = 0; i < messages.size(); ++i) entries.push_back({i, messages[i]});
  const std::string bytes = encode_bundle(entries);
  for (std::size_t shift = 0; shift < 2; ++shift) {
    const std::string shifted = std::string(shift, 'x') + bytes;
    Result<Bundle> bundle = Bundle::decode(std::string_view(shifted).substr(shift));
    BOOST_REQUIRE(bundle.has_value());
    const Bundle moved = std::move(*bundle);
    BOOST_TEST_REQUIRE(moved.entries().size() == messages.size());
    for (std::size_t i = 0; i < messages.size(); ++i) {
      BOOST_TEST(moved.entries()[i].in_reply_to == i);
      BOOST_TEST(moved.entries()[i].message == messages[i]);
      // Messages lie on words, so they are read where they are.
      BOOST_TEST(reinterpret_cast<std::uintptr_t>(moved.entries()[i].message.data()) % 8 == 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(damaged_bundles_are_errors_or_values) {
  RandomValues random(9);
  const std::string message = encode(random.make<ToWorker>());
  const BundleEntry entries[] = {{1, message}, {2, message}};
  const std::string bytes = encode_bundle(entries);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    BOOST_TEST(!Bundle::decode(std::string_view(bytes).substr(0, size)).has_value());
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    RandomValues damage(seed);
    std::string damaged = bytes;
    for (int i = 0; i < 4; ++i)
      damaged[damage.below(damaged.size())] = static_cast<char>(damage.below(256));
    const Result<Bundle> bundle = Bundle::decode(damaged);
    if (!bundle) continue;
    for (const BundleEntry& entry : bundle->entries()) (void)decode_to_worker(entry.message);
  }
}

BOOST_AUTO_TEST_SUITE_END()
