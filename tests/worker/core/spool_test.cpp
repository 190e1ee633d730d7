#include "worker/core/spool.h"

#include "worker/core/archive.h"
#include "worker/core/crc32c.h"
#include "worker/core/fields.h"

#include <boost/test/unit_test.hpp>

namespace windlass::worker {
namespace {

Unreported an_end() {
  Unreported end;
  end.report.id = {1, {2, 3}, 4};
  end.report.start_time = WallTime{10};
  end.report.end_time = WallTime{20};
  end.report.exit_code = 7;
  end.report.usage = {Duration{5}, Duration{6}, 7, 8, 9, 10};
  end.node_id = "node";
  end.folder = "workitems/j/job-1/t";
  return end;
}

void put_number(std::string& out, std::uint32_t number) {
  for (int i = 0; i < 4; ++i) out += static_cast<char>(number >> (8 * i));
}

// As workers before the third format wrote it.
std::string second_format(RunId run, Unreported end) {
  constexpr std::uint8_t kEnded = 3;
  std::string payload;
  ArchiveWriter writer(payload);
  std::uint32_t version = 2;
  std::uint8_t kind = kEnded;
  writer(version, kind, run, end.report, end.node_id, end.folder);
  std::string frame;
  put_number(frame, static_cast<std::uint32_t>(payload.size()));
  put_number(frame, crc32c(payload));
  return frame + payload;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(worker_core_spool)

BOOST_AUTO_TEST_CASE(an_end_is_kept_with_all_that_it_used) {
  std::string bytes;
  spool_ended(bytes, 1, an_end());
  const SpoolContent content = read_spool(bytes);
  BOOST_TEST(content.bytes_read == bytes.size());
  BOOST_TEST_REQUIRE(content.unreported.size() == 1u);
  BOOST_TEST((content.unreported.begin()->second == an_end()));
}

BOOST_AUTO_TEST_CASE(an_end_of_the_second_format_is_read) {
  const std::string bytes = second_format(1, an_end());
  const SpoolContent content = read_spool(bytes);
  BOOST_TEST(content.bytes_read == bytes.size());
  BOOST_TEST_REQUIRE(content.unreported.size() == 1u);
  Unreported expected = an_end();
  expected.report.usage = {Duration{5}, Duration{6}, 0, 0, 0, 0};
  BOOST_TEST((content.unreported.begin()->second == expected));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace windlass::worker
