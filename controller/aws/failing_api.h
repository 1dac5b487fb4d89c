// Stands where no account can be reached: every call gives the error that says why.
#pragma once

#include <utility>

#include "controller/aws/api.h"

namespace datamesh::aws {

class FailingApi final : public Api {
 public:
  explicit FailingApi(Error error) : error_(std::move(error)) {}
  Result<Json> call(const Call&) override { return fail(error_); }

 private:
  const Error error_;
};

}  // namespace datamesh::aws
