#include "controller/kube/base64.h"

#include <openssl/evp.h>

#include <algorithm>

namespace datamesh::kube {

Result<std::string> base64_decode(std::string_view text) {
  std::string joined(text);
  std::erase_if(joined, [](char c) { return c == '\n' || c == '\r'; });
  if (joined.size() % 4 != 0) return fail(ErrorKind::Invalid, "this is no base64: its length is no multiple of 4");
  const std::size_t padding = joined.size() - std::min(joined.find('='), joined.size());
  if (padding > 2 || joined.substr(joined.size() - padding).find_first_not_of('=') != std::string::npos) {
    return fail(ErrorKind::Invalid, "this is no base64: it goes on after its padding");
  }
  std::string out(joined.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(joined.data()),
                                   static_cast<int>(joined.size()));
  if (size < 0) return fail(ErrorKind::Invalid, "this is no base64");
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

std::string base64_encode(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the NUL that the library writes
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

}  // namespace datamesh::kube
