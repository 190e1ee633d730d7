#include "storage/core/sas.h"

#include "storage/core/dates.h"

#include <charconv>

namespace windlass::storage {
namespace {

bool is_account_sas(const BlobRequest& request) {
  return request.query.has("ss");
}

bool contains_any(std::string_view text, std::string_view letters) {
  return text.find_first_of(letters) != std::string_view::npos;
}

std::optional<std::uint32_t> ipv4(std::string_view text) {
  std::uint32_t value = 0;
  for (int part = 0; part < 4; ++part) {
    const auto dot = text.find('.');
    if ((dot == std::string_view::npos) != (part == 3)) return std::nullopt;
    const std::string_view digits = text.substr(0, dot);
    std::uint32_t byte = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size() ||
        byte > 255) {
      return std::nullopt;
    }
    value = value * 256 + byte;
    text = part == 3 ? std::string_view{} : text.substr(dot + 1);
  }
  return value;
}

Refusal unbuilt(std::string_view what) {
  return refuse(BlobError::not_implemented, std::string(what) + " is not built here yet.");
}

}  // namespace

bool bears_sas(const BlobRequest& request) {
  return request.query.has("sig");
}

Outcome<std::string> sas_string_to_sign(const BlobRequest& request) {
  const Query& query = request.query;
  const std::string_view version = query.get("sv");
  if (!valid_version(version) || version < "2015-04-05") {
    return refuse(BlobError::authentication_failed, "sv is missing or before 2015-04-05.");
  }
  if (query.has("si")) return unbuilt("A stored access policy (si)");
  if (query.has("skoid")) return unbuilt("A user delegation signature (skoid)");
  if (query.has("ses")) return unbuilt("An encryption scope (ses)");

  std::string text;
  const auto line = [&text](std::string_view value) { text.append(value).append("\n"); };
  const auto parameters = [&](std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) line(query.get(name));
  };
  if (is_account_sas(request)) {
    line(request.account);
    parameters({"sp", "ss", "srt", "st", "se", "sip", "spr", "sv"});
    if (version >= "2020-12-06") line("");  // the encryption scope
    return text;
  }
  const std::string_view kind = query.get("sr");
  std::string resource = "/blob/" + request.account + "/" + request.container;
  if (kind == "b") {
    resource += "/" + request.blob;
  } else if (kind == "bs" || kind == "bv" || kind == "d") {
    return unbuilt("A signature with sr=" + std::string(kind));
  } else if (kind != "c") {
    return refuse(BlobError::authentication_failed, "sr must be c or b.");
  }
  parameters({"sp", "st", "se"});
  line(resource);
  parameters({"si", "sip", "spr", "sv"});
  if (version >= "2018-11-09") {
    line(kind);
    line("");  // the snapshot's time
  }
  if (version >= "2020-12-06") line("");  // the encryption scope
  parameters({"rscc", "rscd", "rsce", "rscl", "rsct"});
  text.pop_back();  // the last line has no end, unlike an account signature's
  return text;
}

Outcome<Access> check_sas(const BlobRequest& request, Operation operation, WallTime now) {
  const Query& query = request.query;
  const auto expiry = parse_sas_time(query.get("se"));
  if (!expiry) return refuse(BlobError::authentication_failed, "se is missing or not a time.");
  if (now >= *expiry) {
    return refuse(BlobError::authentication_failed, "The signature expired: se is " +
                                                        std::string(query.get("se")) + ", now is " +
                                                        iso_time(now) + ".");
  }
  if (query.has("st")) {
    const auto start = parse_sas_time(query.get("st"));
    if (!start) return refuse(BlobError::authentication_failed, "st is not a time.");
    if (now < *start) {
      return refuse(BlobError::authentication_failed, "The signature is not valid yet: st is " +
                                                          std::string(query.get("st")) +
                                                          ", now is " + iso_time(now) + ".");
    }
  }
  if (query.has("sip") && !address_in_range(request.peer_address, query.get("sip"))) {
    return BlobError::source_ip_mismatch;
  }
  const std::string_view protocols = query.get("spr");
  if (!protocols.empty() && protocols != "https" && protocols != "https,http" &&
      protocols != "http,https") {
    return refuse(BlobError::authentication_failed, "spr must be https or https,http.");
  }
  if (protocols == "https" && !request.over_https) return BlobError::protocol_mismatch;

  const Grant grant = grant_for(operation);
  const std::string_view granted = query.get("sp");
  std::string_view sufficient = grant.service_letters;
  if (is_account_sas(request)) {
    if (!contains_any(query.get("ss"), "b")) return BlobError::service_mismatch;
    if (query.get("srt").find(grant.resource_type) == std::string_view::npos) {
      return BlobError::resource_type_mismatch;
    }
    sufficient = grant.account_letters;
  } else if (sufficient.empty()) {
    return refuse(BlobError::authorization_failure,
                  std::string(name_of(operation)) + " needs the account key or an account SAS.");
  } else if (operation == Operation::list_blobs && query.get("sr") != "c") {
    return BlobError::authorization_failure;
  }
  if (!contains_any(granted, sufficient)) {
    return refuse(BlobError::permission_mismatch,
                  std::string(name_of(operation)) + " needs one of '" + std::string(sufficient) +
                      "', the signature grants '" + std::string(granted) + "'.");
  }
  const bool create_only = writes_content(operation) && !contains_any(granted, "w");
  return Access{.may_overwrite = !create_only};
}

std::string_view sas_override(const BlobRequest& request, std::string_view header_name) {
  if (!bears_sas(request)) return {};
  if (header_name == "Cache-Control") return request.query.get("rscc");
  if (header_name == "Content-Disposition") return request.query.get("rscd");
  if (header_name == "Content-Encoding") return request.query.get("rsce");
  if (header_name == "Content-Language") return request.query.get("rscl");
  if (header_name == "Content-Type") return request.query.get("rsct");
  return {};
}

bool address_in_range(std::string_view address, std::string_view range) {
  const auto dash = range.find('-');
  const auto first = ipv4(range.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : ipv4(range.substr(dash + 1));
  const auto asked = ipv4(address);
  return first && last && asked && *first <= *asked && *asked <= *last;
}

}  // namespace windlass::storage
