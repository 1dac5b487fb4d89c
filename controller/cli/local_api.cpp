#include "controller/cli/local_api.h"

#include <algorithm>

#include "controller/catalog/permission.h"
#include "controller/cli/api_status.h"
#include "controller/cli/long_poll.h"
#include "controller/cli/object_routes.h"

namespace datamesh::cli {
namespace {

constexpr std::size_t kLongestPollSeconds = 300;
constexpr std::string_view kRoot = "/datamesh/v1/";
constexpr std::string_view kWatchRoot = "/datamesh/v1/watch";

http::Response json_or_status(const Result<Json>& result) {
  return result ? http::json_response(200, *result) : status_response(result.error());
}

Answers::Done answering(http::Respond respond) {
  return [respond = std::move(respond)](const Result<Json>& result) { respond(json_or_status(result)); };
}

Result<Json> body_of(const http::Request& request) {
  TRY_VALUE(Json body, parse_json(request.body));
  if (!body.is_object()) return fail(ErrorKind::Invalid, "the body must be a JSON object");
  return body;
}

/// The field of a body that must be a text.
Result<std::string> text_field(const Json& body, const char* name) {
  const std::string value = string_at(body, name);
  if (value.empty()) return fail(ErrorKind::Invalid, std::string("the body must have the text \"") + name + "\"");
  return value;
}

Result<aws::Service> parse_service(const std::string& name) {
  for (const aws::Service service :
       {aws::Service::Glue, aws::Service::LakeFormation, aws::Service::Ram, aws::Service::Sts}) {
    if (aws::to_string(service) == name) return service;
  }
  return fail(ErrorKind::Invalid, "there is no service \"" + name + "\"; write glue, lakeformation, ram or sts");
}

struct LakeRequest {
  std::string principal;
  aws::Call call;
};

Result<LakeRequest> parse_lake_request(const Json& body) {
  LakeRequest request;
  TRY_VALUE(request.principal, text_field(body, "as"));
  TRY_VALUE(request.call.target.region, text_field(body, "region"));
  TRY_VALUE(std::string service, text_field(body, "service"));
  TRY_VALUE(request.call.service, parse_service(service));
  TRY_VALUE(request.call.operation, text_field(body, "operation"));
  request.call.target.account = catalog::account_of_principal(request.principal);
  if (request.call.target.account.empty()) {
    return fail(ErrorKind::Invalid, "\"" + request.principal + "\" names no account; write an ARN such as "
                                    "arn:aws:iam::111122223333:role/Admin");
  }
  const Json& input = member(body, "input");
  if (!input.is_null()) request.call.input = input;
  if (!request.call.input.is_object()) return fail(ErrorKind::Invalid, "\"input\" must be a JSON object");
  return request;
}

/// What AWS says goes through as it is: it is the answer, not a fault of this API.
http::Response lake_response(const Result<Json>& result) {
  if (result) return http::json_response(200, {{"output", *result}});
  const Error& error = result.error();
  const std::string code = error.code.empty() ? std::string(to_string(error.kind)) : error.code;
  return http::json_response(200, {{"error", {{"code", code}, {"message", error.message}}}});
}

Result<engine::PlanRequest> parse_plan_request(const Json& body, const api::SchemaRegistry& schema) {
  engine::PlanRequest request;
  std::string problems;
  const Json& apply = member(body, "apply");
  for (const Json& given : apply.is_array() ? apply : Json::array()) {
    Json object = given;
    for (const api::Problem& problem : schema.admit(object)) {
      problems += to_string(api::key_of(given)) + ": " + to_string(problem) + "\n";
    }
    request.apply.push_back(std::move(object));
  }
  if (!problems.empty()) return fail(ErrorKind::Invalid, problems);
  const Json& remove = member(body, "remove");
  for (const Json& key : remove.is_array() ? remove : Json::array()) {
    request.remove.push_back({string_at(key, "kind"), string_at(key, "namespace"), string_at(key, "name")});
  }
  return request;
}

}  // namespace

struct LocalApi::Shared {
  LocalApiParts parts;

  /// Runs `job`, which blocks, on a worker.
  void offload(std::function<http::Response()> job, http::Respond respond) {
    Executor* const executor = parts.executor;
    executor->post([executor, job = std::move(job), respond = std::move(respond)] {
      executor->offload([job, respond]() -> Executor::Task {
        respond(job());
        return [] {};
      });
    });
  }

  bool is_authorized(const http::Request& request) const {
    const std::string expected = "Bearer " + parts.token;
    return parts.token.empty() ||
           http::equals_in_constant_time(request.headers.find("Authorization").value_or(""), expected);
  }
};

LocalApi::LocalApi(LocalApiParts parts) : shared_(std::make_shared<Shared>(Shared{std::move(parts)})) {}

namespace {

/// The long poll that a request with ?watch=true asks for.
Result<LongPoll> parse_long_poll(const ObjectTarget& target, const http::Request& request, Time now) {
  LongPoll poll;
  poll.watch.kind = target.kind->kind;
  poll.watch.ns = target.ns;
  TRY_VALUE(const std::size_t since, query_number(request, "resourceVersion", 0));
  TRY_VALUE(const std::size_t timeout, query_number(request, "timeoutSeconds", 30));
  const auto selector = request.query.find("labelSelector");
  auto labels = kube::parse_label_selector(selector == request.query.end() ? "" : selector->second);
  if (!labels) return fail(ErrorKind::Invalid, labels.error().message);
  poll.selector.labels = std::move(*labels);
  poll.watch.since = static_cast<api::Revision>(since);
  poll.deadline = now + std::chrono::seconds(std::min(timeout, kLongestPollSeconds));
  return poll;
}

}  // namespace

void LocalApi::handle(http::Request request, http::Respond respond) {
  if (!shared_->is_authorized(request)) {
    return respond(status_response(401, "Unauthorized", "Unauthorized"));
  }
  if (!request.path.starts_with(kRoot)) return shared_->parts.facade->handle(std::move(request), std::move(respond));
  if (request.path.starts_with(std::string(kWatchRoot) + "/")) return watch(request, std::move(respond));
  ask(request, std::move(respond));
}

void LocalApi::watch(const http::Request& request, http::Respond respond) {
  const LocalApiParts& parts = shared_->parts;
  const auto target = parse_object_path(request.path.substr(kWatchRoot.size()), *parts.schema);
  if (!target) return respond(status_response(target.error()));
  const auto poll = parse_long_poll(*target, request, parts.clock->now());
  if (!poll) return respond(status_response(poll.error()));
  parts.executor->post([poll = *poll, store = parts.store, executor = parts.executor, respond = std::move(respond)] {
    start_long_poll(poll, *store, *executor, respond);
  });
}

void LocalApi::ask(const http::Request& request, http::Respond respond) {
  const Answers& answers = shared_->parts.answers;
  const std::string question = request.method + " " + request.path.substr(kRoot.size());
  if (question == "GET status") return answers.status(answering(std::move(respond)));
  if (question == "GET audit") {
    const auto object = request.query.find("object");
    return answers.audit(object == request.query.end() ? "" : object->second, answering(std::move(respond)));
  }
  if (question != "POST plan" && question != "POST explain" && question != "POST who-can" && question != "POST lake") {
    return respond(status_response(404, "NotFound", "the server could not find the requested resource"));
  }
  const auto body = body_of(request);
  if (!body) return respond(status_response(body.error()));
  if (question == "POST plan") {
    auto wanted = parse_plan_request(*body, *shared_->parts.schema);
    if (!wanted) return respond(status_response(wanted.error()));
    return answers.plan(std::move(*wanted), answering(std::move(respond)));
  }
  if (question == "POST explain" || question == "POST who-can") {
    const auto& ask = question == "POST explain" ? answers.explain : answers.who_can;
    return ask({string_at(*body, "principal"), string_at(*body, "action"), string_at(*body, "object"), string_at(*body, "row")},
               answering(std::move(respond)));
  }
  const auto wanted = parse_lake_request(*body);
  if (!wanted) return respond(status_response(wanted.error()));
  shared_->offload([lake = answers.lake, wanted = *wanted] {
    return lake_response(lake(wanted.principal, wanted.call));
  }, std::move(respond));
}

}  // namespace datamesh::cli
