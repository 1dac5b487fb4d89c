// Requests and responses as plain values, for the server and the client. Pure.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/base/json.h"
#include "controller/base/result.h"

namespace datamesh::http {

/// Header fields in order; names compare without case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  void add(std::string name, std::string value);
  /// The first field of that name.
  std::optional<std::string> find(std::string_view name) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  bool operator==(const Headers&) const = default;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
  std::string method;                        ///< "GET"
  std::string path;                          ///< percent-decoded, begins with '/'
  std::map<std::string, std::string> query;  ///< percent-decoded; the last of a repeated name counts
  Headers headers;
  std::string body;
  std::string raw_target;  ///< the origin form as it came, undecoded; the client does not look at it
  std::string peer;        ///< who sent it: "127.0.0.1:51234"
  bool operator==(const Request&) const = default;
};

/// Every value that the query of `raw_target` has under `name`, in order, decoded.
std::vector<std::string> query_values(const Request& request, std::string_view name);

/// A body of unknown length, sent as it is made (chunked). Pulled by the server: nothing is taken while the peer does
/// not read. Destroyed when all was sent or the peer went.
class BodySource {
 public:
  virtual ~BodySource() = default;

  struct Piece {
    std::string data;
    bool last = false;
    bool operator==(const Piece&) const = default;
  };
  /// What there is now, at most about `budget` bytes. An empty piece that is not the last: nothing yet, `wake` will be
  /// called. Called on the server's thread, must not block.
  virtual Piece take(std::size_t budget) = 0;
  /// Called once before the first `take`. `wake` may be called on any thread, also after the connection went.
  virtual void on_ready(std::function<void()> wake) = 0;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  Headers headers;                     ///< beside Content-Type and Content-Length
  std::shared_ptr<BodySource> stream;  ///< when set, `body` is ignored
  bool operator==(const Response&) const = default;  ///< streams are equal when they are the same
};

/// A response whose body is `body` as compact JSON with a final newline.
Response json_response(int status, const Json& body);
/// A response of plain text.
Response text_response(int status, std::string text);

/// "a b/c" -> "a%20b%2Fc": everything but RFC 3986's unreserved characters is escaped.
std::string percent_encode(std::string_view text);
/// Errors: Invalid for a broken escape or a NUL.
Result<std::string> percent_decode(std::string_view text);

/// Sets `path`, `query` and `raw_target` from a request target in origin form ("/a/b?x=1").
/// Errors: Invalid, also for what two readers could take differently: the segments "." and "..", an escaped slash,
/// control characters, a fragment.
Result<void> parse_target(std::string_view target, Request& request);
/// The origin form of `request`'s path and query. Slashes of the path stay.
std::string target_of(const Request& request);

/// True when both are the same; takes the same time whichever characters differ.
bool equals_in_constant_time(std::string_view a, std::string_view b);

}  // namespace datamesh::http
