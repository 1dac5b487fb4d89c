#include "controller/http/certificates.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>

namespace datamesh::http {
namespace {

template <auto free>
struct Deleter {
  template <class T>
  void operator()(T* thing) const {
    free(thing);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;
using Bytes = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using Moment = std::unique_ptr<ASN1_TIME, Deleter<ASN1_TIME_free>>;

constexpr std::chrono::hours kDay(24);
constexpr int kAuthorityDays = 3650;
constexpr int kServerDays = 365;
constexpr int kMarginShare = 12;  ///< a certificate is renewed in the last twelfth of its life

Error openssl_error(const std::string& doing) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return {ErrorKind::Internal, "", "cannot " + doing + ": " + text.data(), "tls", {}};
}

std::time_t seconds(Time time) { return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count(); }

Bytes reading(const std::string& pem) { return Bytes(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

Certificate read_certificate(const std::string& pem) {
  Certificate certificate(PEM_read_bio_X509(reading(pem).get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return certificate;
}

/// Never asks for a passphrase.
Key read_key(const std::string& pem) {
  static char nothing[] = "";
  Key key(PEM_read_bio_PrivateKey(reading(pem).get(), nullptr, nullptr, nothing));
  ERR_clear_error();
  return key;
}

std::string written(BIO* bytes) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bytes, &text);
  return {text, static_cast<std::size_t>(size)};
}

Result<TlsIdentity> to_pem(X509* certificate, EVP_PKEY* key) {
  const Bytes cert_bytes(BIO_new(BIO_s_mem()));
  const Bytes key_bytes(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(cert_bytes.get(), certificate) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_bytes.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return fail(openssl_error("write a certificate"));
  }
  return TlsIdentity{written(cert_bytes.get()), written(key_bytes.get())};
}

bool is_ip_address(const std::string& name) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 || ::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

bool is_host_name(const std::string& name) {
  return !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.';
  });
}

bool set_random_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40);  // positive, and never short
  const Number number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

/// The subject, who signs it, and for how long it holds.
struct Terms {
  std::string name;
  int days = 0;
  X509* issuer = nullptr;  ///< null: signs itself
};

bool set_head(X509* certificate, EVP_PKEY* key, const Terms& terms, Time now) {
  const auto* const name = reinterpret_cast<const unsigned char*>(terms.name.c_str());
  X509_NAME* const subject = X509_get_subject_name(certificate);
  const X509* const issuer = terms.issuer == nullptr ? certificate : terms.issuer;
  const Time from = now - std::chrono::hours(1);  // clocks differ
  return X509_set_version(certificate, X509_VERSION_3) == 1 && set_random_serial(certificate) &&
         X509_set_pubkey(certificate, key) == 1 &&
         X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, name, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
         ASN1_TIME_set(X509_getm_notBefore(certificate), seconds(from)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), seconds(now + terms.days * kDay)) != nullptr;
}

struct ExtensionText {
  int kind;
  std::string value;
};

bool add_extensions(X509* certificate, X509* issuer, const std::vector<ExtensionText>& extensions) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer == nullptr ? certificate : issuer, certificate, nullptr, nullptr, 0);
  return std::all_of(extensions.begin(), extensions.end(), [&](const ExtensionText& text) {
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, text.kind, text.value.c_str()));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
  });
}

Result<TlsIdentity> make(const Terms& terms, EVP_PKEY* signer, const std::vector<ExtensionText>& extensions, Time now) {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  if (!key || !certificate || !set_head(certificate.get(), key.get(), terms, now) ||
      !add_extensions(certificate.get(), terms.issuer, extensions) ||
      X509_sign(certificate.get(), signer == nullptr ? key.get() : signer, EVP_sha256()) == 0) {
    return fail(openssl_error("make a certificate"));
  }
  return to_pem(certificate.get(), key.get());
}

bool names(X509* certificate, const std::string& name) {
  return is_ip_address(name) ? X509_check_ip_asc(certificate, name.c_str(), 0) == 1
                             : X509_check_host(certificate, name.data(), name.size(), 0, nullptr) == 1;
}

}  // namespace

Result<TlsIdentity> make_authority(const std::string& name, Time now) {
  return make({name, kAuthorityDays, nullptr}, nullptr,
              {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
               {NID_key_usage, "critical,keyCertSign,cRLSign"},
               {NID_subject_key_identifier, "hash"}},
              now);
}

Result<TlsIdentity> make_server_identity(const TlsIdentity& authority, const std::vector<std::string>& names,
                                         Time now) {
  const Certificate issuer = read_certificate(authority.cert_pem);
  const Key signer = read_key(authority.key_pem);
  if (!issuer || !signer || X509_check_private_key(issuer.get(), signer.get()) != 1) {
    return fail(ErrorKind::Invalid, "the authority's certificate and key do not go together", "tls");
  }
  std::string alternatives;
  for (const std::string& name : names) {
    const bool address = is_ip_address(name);
    if (!address && !is_host_name(name)) return fail(ErrorKind::Invalid, "\"" + name + "\" is no host name", "tls");
    alternatives += (alternatives.empty() ? "" : ",") + std::string(address ? "IP:" : "DNS:") + name;
  }
  if (names.empty()) return fail(ErrorKind::Invalid, "a server needs a name", "tls");
  return make({names.front(), kServerDays, issuer.get()}, signer.get(),
              {{NID_basic_constraints, "critical,CA:FALSE"},
               {NID_key_usage, "critical,digitalSignature"},
               {NID_ext_key_usage, "serverAuth"},
               {NID_subject_key_identifier, "hash"},
               {NID_authority_key_identifier, "keyid:always"},
               {NID_subject_alt_name, alternatives}},
              now);
}

bool is_fresh(const TlsIdentity& identity, Time now) {
  const Certificate certificate = read_certificate(identity.cert_pem);
  const Key key = read_key(identity.key_pem);
  if (!certificate || !key || X509_check_private_key(certificate.get(), key.get()) != 1) {
    ERR_clear_error();
    return false;
  }
  const ASN1_TIME* const from = X509_get0_notBefore(certificate.get());
  const ASN1_TIME* const until = X509_get0_notAfter(certificate.get());
  const Moment present(ASN1_TIME_set(nullptr, seconds(now)));
  int life = 0, left = 0, elapsed = 0, rest = 0;
  if (ASN1_TIME_diff(&life, &rest, from, until) != 1 || ASN1_TIME_diff(&left, &rest, present.get(), until) != 1 ||
      ASN1_TIME_diff(&elapsed, &rest, from, present.get()) != 1) {
    return false;
  }
  return elapsed >= 0 && rest >= 0 && left * kMarginShare > life;
}

bool vouches_for(const TlsIdentity& authority, const TlsIdentity& identity, const std::vector<std::string>& wanted) {
  const Certificate issuer = read_certificate(authority.cert_pem);
  const Certificate certificate = read_certificate(identity.cert_pem);
  if (!issuer || !certificate) return false;
  const bool is_signed = X509_check_issued(issuer.get(), certificate.get()) == X509_V_OK &&
                         X509_verify(certificate.get(), X509_get0_pubkey(issuer.get())) == 1;
  ERR_clear_error();
  return is_signed && std::all_of(wanted.begin(), wanted.end(),
                                  [&](const std::string& name) { return names(certificate.get(), name); });
}

}  // namespace datamesh::http
