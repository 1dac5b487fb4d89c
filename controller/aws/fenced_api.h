// An Api that writes only while it may: for an operator that shares its catalogs with others of its kind.
#pragma once

#include <functional>
#include <string_view>

#include "controller/aws/api.h"

namespace datamesh::aws {

/// True for the operations that change nothing, by the verbs that their names begin with. What is not known to be
/// harmless counts as a write.
bool is_read(std::string_view operation);

/// Passes calls on to another Api; a write only when `may_write` says so right before it. Both outlive this, and are
/// safe to call from several threads.
class FencedApi final : public Api {
 public:
  FencedApi(Api& inner, std::function<bool()> may_write) : inner_(inner), may_write_(std::move(may_write)) {}

  /// Errors: Cancelled when it may not write now; those of the other Api.
  Result<Json> call(const Call& call) override;

 private:
  Api& inner_;
  std::function<bool()> may_write_;
};

}  // namespace datamesh::aws
