#include "controller/aws/wire_facade.h"

#include <openssl/rand.h>

#include <array>
#include <cstdio>

#include "controller/aws/wire_auth.h"
#include "controller/aws/wire_request.h"

namespace datamesh::aws {
namespace {

constexpr std::size_t kLongestRegion = 32;

/// How often a queue is looked at for somebody who waits for a message.
constexpr Millis kLookAgain{100};

/// A random UUID. Without random bytes it is all zeros, which harms nobody.
std::string request_id() {
  std::array<unsigned char, 16> b{};
  static_cast<void>(RAND_bytes(b.data(), static_cast<int>(b.size())));
  b[6] = static_cast<unsigned char>((b[6] & 0x0fU) | 0x40U);
  b[8] = static_cast<unsigned char>((b[8] & 0x3fU) | 0x80U);
  std::string out;
  for (std::size_t i = 0; i < b.size(); ++i) {
    std::array<char, 3> hex{};
    std::snprintf(hex.data(), hex.size(), "%02x", b[i]);
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += hex.data();
  }
  return out;
}

/// "eu-west-1". Every region that is called becomes a catalog, so it must look like one.
bool is_region(std::string_view text) {
  if (text.empty() || text.size() > kLongestRegion) return false;
  for (const char c : text) {
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') return false;
  }
  return true;
}

/// How long the caller would wait for a better answer.
Millis patience_of(const Call& call, const Result<Json>& output) {
  if (call.service != Service::Sqs || call.operation != "ReceiveMessage") return Millis(0);
  if (!output || output->contains("Messages")) return Millis(0);
  const Json& seconds = member(call.input, "WaitTimeSeconds");
  return seconds.is_number_integer() ? std::chrono::seconds(seconds.get<int>()) : Millis(0);
}

/// The call that an authenticated request makes, and its outcome, with how long it may wait for a better one.
std::pair<http::Response, Millis> serve(const http::Request& request, const sigv4::Scope& scope, const WireKey& caller,
                     const WireParts& parts, const AnswerHead& head) {
  const auto service = service_of(scope.service);
  const Style style = style_of(scope.service, request);
  if (!service) {
    return {to_answer(Refusal::NotServed, style,
                      "This endpoint serves glue, lakeformation, ram, sts and sqs; the request is for " + scope.service + ".",
                      head), Millis(0)};
  }
  if (!is_region(scope.region)) return {to_answer(Refusal::Incomplete, style, "The region is none.", head), Millis(0)};
  auto call = read_call(*service, request);
  if (!call) {
    const bool unreadable = call.error().code == "SerializationException";
    return {to_answer(unreadable ? Refusal::Unreadable : Refusal::UnknownOperation, style, call.error().message, head), Millis(0)};
  }
  call->target = {caller.account, scope.region};
  const Result<Json> output = parts.backend->call(caller, *call);
  return {output ? to_answer(*call, *output, head) : to_answer(*call, output.error(), head), patience_of(*call, output)};
}

}  // namespace

http::Response WireFacade::answer(const http::Request& request) const {
  Millis patience{0};
  return answer(request, patience);
}

http::Response WireFacade::answer(const http::Request& request, Millis& patience) const {
  const Time now = parts_.clock->now();
  const AnswerHead head{request_id(), now};
  const auto header = request.headers.find("Authorization");
  if (!header) return to_answer(Refusal::MissingToken, style_of(request), "Request is missing Authentication Token", head);
  const auto authorization = sigv4::parse_authorization(*header);
  if (!authorization) {
    return to_answer(Refusal::Incomplete, style_of(request), authorization.error().message, head);
  }
  const sigv4::Scope& scope = authorization->scope;
  const auto caller = authenticate(request, *authorization, *parts_.backend, now);
  if (!caller) {
    return to_answer(caller.error().refusal, style_of(scope.service, request), caller.error().message, head);
  }
  auto [response, wait] = serve(request, scope, *caller, parts_, head);
  patience = wait;
  return std::move(response);
}

void WireFacade::handle(http::Request request, http::Respond respond) const {
  const auto shared = std::make_shared<const http::Request>(std::move(request));
  parts_.executor->post([this, shared, respond = std::move(respond)] { attempt(shared, respond, parts_.clock->now()); });
}

void WireFacade::attempt(const std::shared_ptr<const http::Request>& request, const http::Respond& respond,
                         Time begun) const {
  parts_.executor->offload([this, request, respond, begun]() -> Executor::Task {
    Millis patience{0};
    http::Response response = answer(*request, patience);
    if (parts_.clock->now() < begun + patience) {
      return [this, request, respond, begun] {
        parts_.executor->run_at(parts_.clock->now() + kLookAgain, [this, request, respond, begun] { attempt(request, respond, begun); });
      };
    }
    respond(std::move(response));
    return [] {};
  });
}

http::Response wire_refusal(int status, const std::string& message) {
  http::Response out = http::json_response(status, {{"__type", "ServiceException"}, {"message", message}});
  out.headers.add("x-amzn-RequestId", request_id());
  return out;
}

}  // namespace datamesh::aws
