#include "controller/aws/digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <memory>

namespace datamesh::aws {
namespace {

constexpr std::size_t kSize = 32;

template <auto Release>
struct Releases {
  template <class T>
  void operator()(T* value) const {
    Release(value);
  }
};

/// Algorithms looked up once and contexts used again: OpenSSL 3 spends most of a short digest on finding them.
struct Contexts {
  std::unique_ptr<EVP_MD, Releases<EVP_MD_free>> sha{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  std::unique_ptr<EVP_MD_CTX, Releases<EVP_MD_CTX_free>> digest{EVP_MD_CTX_new()};
  std::unique_ptr<EVP_MAC, Releases<EVP_MAC_free>> hmac{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
  std::unique_ptr<EVP_MAC_CTX, Releases<EVP_MAC_CTX_free>> mac{EVP_MAC_CTX_new(hmac.get())};

  Contexts() {
    char name[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                     OSSL_PARAM_construct_end()};
    EVP_MAC_CTX_set_params(mac.get(), parameters);
  }
};

/// Contexts are not to be shared between threads.
Contexts& contexts() {
  thread_local Contexts mine;
  return mine;
}

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

std::string sha256(std::string_view text) {
  Contexts& with = contexts();
  std::string out(kSize, '\0');
  EVP_DigestInit_ex2(with.digest.get(), with.sha.get(), nullptr);
  EVP_DigestUpdate(with.digest.get(), text.data(), text.size());
  EVP_DigestFinal_ex(with.digest.get(), bytes_of(out), nullptr);
  return out;
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  // NOTE: a null key would mean the key of the last time.
  static constexpr unsigned char kNoKey = 0;
  Contexts& with = contexts();
  std::string out(kSize, '\0');
  std::size_t size = 0;
  EVP_MAC_init(with.mac.get(), key.empty() ? &kNoKey : bytes_of(key), key.size(), nullptr);
  EVP_MAC_update(with.mac.get(), bytes_of(text), text.size());
  EVP_MAC_final(with.mac.get(), bytes_of(out), &size, out.size());
  return out;
}

std::string sha1_hex(std::string_view text) {
  std::string out(20, '\0');
  EVP_Digest(text.data(), text.size(), bytes_of(out), nullptr, EVP_sha1(), nullptr);
  return to_hex(out);
}

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

}  // namespace datamesh::aws
