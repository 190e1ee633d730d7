#include "client/cli/dev/certificate.h"

#include "runtime/paths.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <stdexcept>

namespace windlass::cli::dev {
namespace {

constexpr long kDay = 24L * 3600;
constexpr long kAuthorityDays = 3650;
constexpr long kCertificateDays = 800;  // clients refuse server certificates of more than 825 days

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free_all>>;

void check(bool good, const char* what) {
  if (good) return;
  char text[256] = "";
  ::ERR_error_string_n(::ERR_get_error(), text, sizeof text);
  throw std::runtime_error(std::string(what) + ": " + text);
}

Key new_key() {
  Key key(::EVP_EC_gen("P-256"));
  check(key != nullptr, "making a key");
  return key;
}

void add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  ::X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = ::X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  check(extension != nullptr, "a certificate extension");
  const bool added = ::X509_add_ext(certificate, extension, -1) == 1;
  ::X509_EXTENSION_free(extension);
  check(added, "adding a certificate extension");
}

Certificate blank(EVP_PKEY* key, const char* name, long days) {
  Certificate certificate(::X509_new());
  check(certificate != nullptr, "making a certificate");
  ::X509_set_version(certificate.get(), 2);  // 2 means version 3
  unsigned char serial[16];
  check(::RAND_bytes(serial, sizeof serial) == 1, "random bytes");
  serial[0] &= 0x7F;  // positive
  BIGNUM* number = ::BN_bin2bn(serial, sizeof serial, nullptr);
  ::BN_to_ASN1_INTEGER(number, ::X509_get_serialNumber(certificate.get()));
  ::BN_free(number);
  ::X509_gmtime_adj(::X509_getm_notBefore(certificate.get()), -kDay);  // clocks differ
  ::X509_gmtime_adj(::X509_getm_notAfter(certificate.get()), days * kDay);
  ::X509_set_pubkey(certificate.get(), key);
  X509_NAME* subject = ::X509_get_subject_name(certificate.get());
  ::X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>("Windlass development"), -1,
                               -1, 0);
  ::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  return certificate;
}

std::string content(BIO* memory) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(length)};
}

std::string pem(X509* certificate) {
  const Memory memory(::BIO_new(::BIO_s_mem()));
  check(::PEM_write_bio_X509(memory.get(), certificate) == 1, "writing a certificate");
  return content(memory.get());
}

std::string pem(EVP_PKEY* key) {
  const Memory memory(::BIO_new(::BIO_s_mem()));
  check(::PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
        "writing a key");
  return content(memory.get());
}

Memory memory_of(const std::string& text) {
  return Memory(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string host_name() {
  char text[256] = "";
  ::gethostname(text, sizeof text - 1);
  return text;
}

}  // namespace

TlsFiles make_certificates(const std::string& folder) {
  const TlsFiles files{folder + "/ca.pem", folder + "/server.pem", folder + "/server.key"};
  const std::string ca_key_file = folder + "/ca.key";
  Key ca_key;
  Certificate ca;
  if (std::filesystem::exists(files.ca) && std::filesystem::exists(ca_key_file)) {
    ca_key.reset(::PEM_read_bio_PrivateKey(memory_of(runtime::read_file(ca_key_file)).get(),
                                           nullptr, nullptr, nullptr));
    ca.reset(::PEM_read_bio_X509(memory_of(runtime::read_file(files.ca)).get(), nullptr, nullptr,
                                 nullptr));
    check(ca_key != nullptr && ca != nullptr, "reading the development authority");
  } else {
    ca_key = new_key();
    ca = blank(ca_key.get(), "Windlass development authority", kAuthorityDays);
    ::X509_set_issuer_name(ca.get(), ::X509_get_subject_name(ca.get()));
    add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
    check(::X509_sign(ca.get(), ca_key.get(), ::EVP_sha256()) != 0, "signing the authority");
    runtime::write_file_atomically(ca_key_file, pem(ca_key.get()), 0600);
    runtime::write_file_atomically(files.ca, pem(ca.get()), 0644);
  }
  const Key key = new_key();
  const Certificate certificate = blank(key.get(), "localhost", kCertificateDays);
  ::X509_set_issuer_name(certificate.get(), ::X509_get_subject_name(ca.get()));
  std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";
  if (const std::string host = host_name();
      !host.empty() && host.find_first_of(", :") == std::string::npos)
    names += ",DNS:" + host;
  add_extension(certificate.get(), ca.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(certificate.get(), ca.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(certificate.get(), ca.get(), NID_ext_key_usage, "serverAuth");
  add_extension(certificate.get(), ca.get(), NID_subject_alt_name, names);
  add_extension(certificate.get(), ca.get(), NID_subject_key_identifier, "hash");
  add_extension(certificate.get(), ca.get(), NID_authority_key_identifier, "keyid:always");
  check(::X509_sign(certificate.get(), ca_key.get(), ::EVP_sha256()) != 0,
        "signing the certificate");
  runtime::write_file_atomically(files.key, pem(key.get()), 0600);
  runtime::write_file_atomically(files.certificate, pem(certificate.get()), 0644);
  return files;
}

}  // namespace windlass::cli::dev
