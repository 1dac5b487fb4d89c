// Result<T>: a value or an Error. TRY and TRY_VALUE return early with the error.
#pragma once

#include <tl/expected.hpp>

#include "controller/base/error.h"

namespace datamesh {

template <class T>
using Result = tl::expected<T, Error>;

/// The error of a failed Result, to return from a function with another value type.
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }
inline tl::unexpected<Error> fail(ErrorKind kind, std::string message, std::string origin = {},
                                  std::string code = {}) {
  return fail(Error{kind, std::move(code), std::move(message), std::move(origin), std::nullopt});
}

}  // namespace datamesh

#define DATAMESH_CONCAT_(a, b) a##b
#define DATAMESH_CONCAT(a, b) DATAMESH_CONCAT_(a, b)

/// Runs `expression` (a Result<void> or a Result whose value is not needed); returns its error, if any.
#define TRY(expression)                                                     \
  do {                                                                      \
    if (auto try_result_ = (expression); !try_result_.has_value())          \
      return ::datamesh::fail(std::move(try_result_).error());              \
  } while (false)

/// `TRY_VALUE(auto page, list(x));` declares `page` with the value, or returns the error.
#define TRY_VALUE(declaration, expression)                                       \
  auto DATAMESH_CONCAT(try_value_, __LINE__) = (expression);                     \
  if (!DATAMESH_CONCAT(try_value_, __LINE__).has_value())                        \
    return ::datamesh::fail(std::move(DATAMESH_CONCAT(try_value_, __LINE__)).error()); \
  declaration = std::move(*DATAMESH_CONCAT(try_value_, __LINE__))
