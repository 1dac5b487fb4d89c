// Base64 with padding, as kubeconfig files carry certificates and HTTP carries passwords. Pure.
#pragma once

#include <string>
#include <string_view>

#include "controller/base/result.h"

namespace datamesh::kube {

/// Decodes `text`; line breaks within it are passed over.
/// Errors: Invalid.
Result<std::string> base64_decode(std::string_view text);

std::string base64_encode(std::string_view bytes);

}  // namespace datamesh::kube
