#include "controller/kube/reviews.h"

#include "controller/kube/body.h"
#include "controller/kube/target.h"

namespace datamesh::kube {
namespace {

const char* const kUser = "datamesh:admin";

Json user() {
  return {{"username", kUser}, {"groups", {"system:masters", "system:authenticated"}}};
}

Json rules() {
  const Json resources = {{"verbs", {"*"}}, {"apiGroups", {"*"}}, {"resources", {"*"}}};
  const Json paths = {{"verbs", {"*"}}, {"nonResourceURLs", {"*"}}};
  return {{"resourceRules", Json::array({resources})}, {"nonResourceRules", Json::array({paths})}, {"incomplete", false}};
}

/// What the review becomes when it is answered; null for a plural that is none.
Json status_of(const std::string& group, const std::string& plural) {
  if (group == "authorization.k8s.io") {
    if (plural == "selfsubjectrulesreviews") return rules();
    const bool access = plural == "selfsubjectaccessreviews" || plural == "subjectaccessreviews" || plural == "localsubjectaccessreviews";
    return access ? Json{{"allowed", true}} : Json();
  }
  if (plural == "selfsubjectreviews") return {{"userInfo", user()}};
  // Tokens are not given out here, so none but the one in use is known.
  if (plural == "tokenreviews") return {{"user", Json::object()}, {"error", "this server reviews no tokens"}};
  return nullptr;
}

}  // namespace

std::optional<http::Response> answer_review(const http::Request& request) {
  std::vector<std::string> parts = path_segments(request);
  const bool grouped = parts.size() >= 4 && parts[0] == "apis" && parts[2] == "v1" &&
                       (parts[1] == "authorization.k8s.io" || parts[1] == "authentication.k8s.io");
  if (!grouped) return std::nullopt;
  const std::string group = parts[1];
  const std::string plural = parts.size() == 6 && parts[3] == "namespaces" ? parts[5] : parts.size() == 4 ? parts[3] : "";
  const Json status = status_of(group, plural);
  if (status.is_null()) return std::nullopt;
  const auto accept = choose(request);
  if (!accept || accept->shape != Shape::Object) return to_response(not_acceptable());
  if (request.method != "POST") return render(method_not_allowed(), *accept);
  auto body = read_body(request, nullptr);
  if (!body) return render(body.error(), *accept);
  Json review = std::move(body->object);
  review["metadata"] = {{"creationTimestamp", nullptr}};
  review["status"] = status;
  return render(201, review, *accept);
}

}  // namespace datamesh::kube
