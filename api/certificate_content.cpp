#include "api/certificate_content.h"

#include "model/ids.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace windlass::api {

namespace {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* thing) const {
    free(thing);
  }
};
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Certificates = std::vector<Certificate>;

void free_safes(STACK_OF(PKCS7) * safes) {
  sk_PKCS7_pop_free(safes, PKCS7_free);
}
void free_bags(STACK_OF(PKCS12_SAFEBAG) * bags) {
  sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}
using Container = std::unique_ptr<PKCS12, Free<PKCS12_free>>;
using Safes = std::unique_ptr<STACK_OF(PKCS7), Free<free_safes>>;
using Bags = std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), Free<free_bags>>;

Error wrong_data(std::string_view reason) {
  return property_error(ErrorCode::invalid_property_value, "data", "", reason);
}

// Old files are sealed with algorithms that are not on by default: they are, here alone.
OSSL_LIB_CTX* with_old_algorithms() {
  static OSSL_LIB_CTX* const context = [] {
    OSSL_LIB_CTX* made = OSSL_LIB_CTX_new();
    OSSL_PROVIDER_load(made, "default");
    OSSL_PROVIDER_load(made, "legacy");  // where there is none, such files are refused
    return made;
  }();
  return context;
}

std::string der_of(const X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  std::string der(size > 0 ? static_cast<std::size_t>(size) : 0, '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  if (size > 0) i2d_X509(certificate, &out);
  return der;
}

std::string thumbprint_of(std::string_view der) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(der.data()), der.size(), digest.data());
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

Result<Certificates> read_cer(const std::string& content) {
  Certificates found;
  const auto* bytes = reinterpret_cast<const unsigned char*>(content.data());
  if (Certificate der{d2i_X509(nullptr, &bytes, static_cast<long>(content.size()))}) {
    found.push_back(std::move(der));
    return found;
  }
  const std::unique_ptr<BIO, Free<BIO_free_all>> text(
      BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  while (Certificate pem{PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)})
    found.push_back(std::move(pem));
  if (found.empty()) return wrong_data("It is no certificate");
  return found;
}

// Of a derivation by PBES2 or by PKCS #12 itself; nothing: of one that we do not know.
std::optional<std::int64_t> rounds_of(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* name = nullptr;
  int type = 0;
  const void* parameter = nullptr;
  X509_ALGOR_get0(&name, &type, &parameter, algorithm);
  if (type != V_ASN1_SEQUENCE) return std::nullopt;
  const auto* sequence = static_cast<const ASN1_STRING*>(parameter);
  const ASN1_INTEGER* rounds = nullptr;
  std::unique_ptr<PBEPARAM, Free<PBEPARAM_free>> simple;
  std::unique_ptr<PBE2PARAM, Free<PBE2PARAM_free>> second;
  std::unique_ptr<PBKDF2PARAM, Free<PBKDF2PARAM_free>> derivation;
  if (OBJ_obj2nid(name) == NID_pbes2) {
    second.reset(static_cast<PBE2PARAM*>(ASN1_item_unpack(sequence, ASN1_ITEM_rptr(PBE2PARAM))));
    if (second == nullptr) return std::nullopt;
    X509_ALGOR_get0(&name, &type, &parameter, second->keyfunc);
    if (OBJ_obj2nid(name) != NID_id_pbkdf2 || type != V_ASN1_SEQUENCE) return std::nullopt;
    derivation.reset(static_cast<PBKDF2PARAM*>(
        ASN1_item_unpack(static_cast<const ASN1_STRING*>(parameter), ASN1_ITEM_rptr(PBKDF2PARAM))));
    if (derivation != nullptr) rounds = derivation->iter;
  } else {
    simple.reset(static_cast<PBEPARAM*>(ASN1_item_unpack(sequence, ASN1_ITEM_rptr(PBEPARAM))));
    if (simple != nullptr) rounds = simple->iter;
  }
  std::int64_t value = 0;
  if (rounds == nullptr || ASN1_INTEGER_get_int64(&value, rounds) != 1 || value < 1)
    return std::nullopt;
  return value;
}

class PfxReader {
 public:
  explicit PfxReader(const std::string& password) : password_(password) {}

  Result<Certificates> read(const std::string& content) {
    PKCS12* sealed = PKCS12_init_ex(NID_pkcs7_data, with_old_algorithms(), nullptr);
    const auto* bytes = reinterpret_cast<const unsigned char*>(content.data());
    const Container file(d2i_PKCS12(sealed == nullptr ? nullptr : &sealed, &bytes,
                                    static_cast<long>(content.size())));
    if (file == nullptr || PKCS12_mac_present(file.get()) != 1)
      return wrong_data("It is no PKCS #12 file that a password protects");
    const ASN1_INTEGER* mac_rounds = nullptr;
    PKCS12_get0_mac(nullptr, nullptr, nullptr, &mac_rounds, file.get());
    std::int64_t rounds = 1;
    if (mac_rounds != nullptr && ASN1_INTEGER_get_int64(&rounds, mac_rounds) != 1) rounds = -1;
    if (!spend(rounds)) return too_slow();
    if (!opens(file.get()))
      return property_error(ErrorCode::invalid_property_value, "password", "",
                            "It is not the password of the data");
    const Safes safes(PKCS12_unpack_authsafes(file.get()));
    if (safes == nullptr) return wrong_data("It is a damaged PKCS #12 file");
    for (int i = 0; i < sk_PKCS7_num(safes.get()); ++i) {
      PKCS7* safe = sk_PKCS7_value(safes.get(), i);
      Bags bags;
      if (PKCS7_type_is_data(safe)) {
        bags.reset(PKCS12_unpack_p7data(safe));
      } else if (PKCS7_type_is_encrypted(safe)) {
        const auto needed = rounds_of(safe->d.encrypted->enc_data->algorithm);
        if (!needed) return wrong_data("It is sealed in a way that is not known here");
        if (!spend(*needed)) return too_slow();
        bags.reset(PKCS12_unpack_p7encdata(safe, secret_, static_cast<int>(password_.size())));
      }
      if (bags == nullptr) return wrong_data("It is sealed in a way that is not known here");
      take(bags.get());
    }
    return std::move(found_);
  }

 private:
  // An empty password is none at all to some who made such a file.
  bool opens(PKCS12* file) {
    const auto size = static_cast<int>(password_.size());
    secret_ = password_.c_str();
    if (PKCS12_verify_mac(file, secret_, size) == 1) return true;
    secret_ = nullptr;
    return password_.empty() && PKCS12_verify_mac(file, nullptr, 0) == 1;
  }

  // Keys are left where they are.
  void take(const STACK_OF(PKCS12_SAFEBAG) * bags) {
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i) {
      const PKCS12_SAFEBAG* bag = sk_PKCS12_SAFEBAG_value(bags, i);
      const bool is_certificate = PKCS12_SAFEBAG_get_nid(bag) == NID_certBag &&
                                  PKCS12_SAFEBAG_get_bag_nid(bag) == NID_x509Certificate;
      if (!is_certificate) continue;
      if (Certificate certificate{PKCS12_SAFEBAG_get1_cert(bag)})
        found_.push_back(std::move(certificate));
    }
  }

  bool spend(std::int64_t rounds) {
    if (rounds < 0 || rounds > rounds_left_) return false;
    rounds_left_ -= rounds;
    return true;
  }
  static Error too_slow() {
    return wrong_data("Its password takes more than " + std::to_string(kPasswordRoundsMax) +
                      " rounds to try");
  }

  const std::string& password_;
  const char* secret_ = nullptr;  // the password as the file has it
  std::int64_t rounds_left_ = kPasswordRoundsMax;
  Certificates found_;
};

}  // namespace

Result<std::string> certificate_with_thumbprint(std::string_view thumbprint,
                                                CertificateFormat format,
                                                const std::string& content,
                                                const std::string& password) {
  const Result<Certificates> found =
      format == CertificateFormat::cer ? read_cer(content) : PfxReader(password).read(content);
  ERR_clear_error();
  if (!found) return found.error();
  const std::string wanted = lower_cased(thumbprint);
  for (const Certificate& certificate : *found) {
    std::string der = der_of(certificate.get());
    if (thumbprint_of(der) == wanted) return der;
  }
  return property_error(ErrorCode::invalid_property_value, "thumbprint", thumbprint,
                        "No certificate in data has it");
}

}  // namespace windlass::api
