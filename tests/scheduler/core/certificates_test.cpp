#include "scheduler/core/certificates.h"

#include "tests/support/one_shard.h"

using namespace windlass;
using namespace windlass::test;

namespace {

const std::string kPrint = "00112233445566778899AaBbCcDdEeFf00112233";

bool done(OneShard& shard, Request request, const std::string& account = "acct") {
  return std::holds_alternative<Done>(shard.ask(std::move(request), account));
}

ErrorCode refused(OneShard& shard, Request request, const std::string& account = "acct") {
  const Answer answer = shard.ask(std::move(request), account);
  BOOST_TEST_REQUIRE(std::holds_alternative<Error>(answer));
  return std::get<Error>(answer).code;
}

std::vector<std::string> listed(OneShard& shard, PageRequest page = {},
                                const std::string& account = "acct") {
  const Answer answer = shard.ask(ListCertificates{std::move(page)}, account);
  std::vector<std::string> thumbprints;
  for (const auto& entry : std::get<Page<CertificateRecord>>(answer).entries)
    thumbprints.push_back(entry.thumbprint);
  return thumbprints;
}

using Names = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_core_certificates)

BOOST_AUTO_TEST_CASE(a_certificate_is_kept_as_it_was_given) {
  OneShard shard;
  BOOST_TEST(done(shard, AddCertificate{kPrint, "public"}));
  shard.restart();
  const Answer answer = shard.ask(GetCertificate{lower_cased(kPrint)});
  const auto* found = std::get_if<CertificateRecord>(&answer);
  BOOST_TEST_REQUIRE(found != nullptr);
  BOOST_TEST(found->thumbprint == kPrint);
  BOOST_TEST(found->public_data == "public");
  BOOST_TEST(found->account == "acct");
  BOOST_TEST((found->creation_time == shard.now().wall));
  BOOST_TEST((refused(shard, AddCertificate{lower_cased(kPrint), "other"}) ==
              ErrorCode::certificate_exists));
}

BOOST_AUTO_TEST_CASE(a_deleted_certificate_is_gone_at_once) {
  OneShard shard;
  BOOST_TEST(done(shard, AddCertificate{kPrint, "public"}));
  BOOST_TEST(
      (refused(shard, CancelCertificateDeletion{kPrint}) == ErrorCode::certificate_state_active));
  BOOST_TEST(done(shard, DeleteCertificate{lower_cased(kPrint)}));
  shard.restart();
  const ErrorCode kGone = ErrorCode::certificate_not_found;
  BOOST_TEST((refused(shard, GetCertificate{kPrint}) == kGone));
  BOOST_TEST((refused(shard, DeleteCertificate{kPrint}) == kGone));
  BOOST_TEST((refused(shard, CancelCertificateDeletion{kPrint}) == kGone));
  BOOST_TEST(listed(shard).empty());
  BOOST_TEST(done(shard, AddCertificate{kPrint, "another"}), "its name is free again");
}

BOOST_AUTO_TEST_CASE(lists_are_of_one_account_in_order_and_in_pages) {
  OneShard shard;
  for (const char* print : {"c", "A", "b"}) BOOST_TEST(done(shard, AddCertificate{print, "x"}));
  BOOST_TEST(done(shard, AddCertificate{"a", "x"}, "other"), "accounts are apart");
  BOOST_TEST(listed(shard) == (Names{"A", "b", "c"}), boost::test_tools::per_element());
  BOOST_TEST(listed(shard, {}, "other") == Names{"a"}, boost::test_tools::per_element());
  PageRequest page;
  page.entries_max = 2;
  const Answer answer = shard.ask(ListCertificates{page});
  const auto& first = std::get<Page<CertificateRecord>>(answer);
  BOOST_TEST(first.entries.size() == 2u);
  BOOST_TEST_REQUIRE(first.next.has_value());
  page.after = *first.next;
  BOOST_TEST(listed(shard, page) == Names{"c"}, boost::test_tools::per_element());
  page = {};
  page.filter = "state eq 'active'";
  BOOST_TEST(listed(shard, page).size() == 3u);
  page.filter = "state ne 'active'";
  BOOST_TEST(listed(shard, page).empty());
  BOOST_TEST((refused(shard, GetCertificate{"b"}, "other") == ErrorCode::certificate_not_found));
}

BOOST_AUTO_TEST_SUITE_END()
