#include "controller/lake/notice_queue.h"

#include <algorithm>

namespace datamesh::lake {
namespace {

aws::Call call_of(const QueueRef& queue, std::string operation, Json input) {
  input["QueueUrl"] = queue.url;
  return {queue.reader, aws::Service::Sqs, std::move(operation), std::move(input)};
}

/// "sqs.eu-west-1.amazonaws.com" as its labels.
std::vector<std::string> labels_of(const std::string& url) {
  const std::size_t begin = url.find("//");
  if (begin == std::string::npos) return {};
  std::string host = url.substr(begin + 2);
  host.resize(std::min(host.find_first_of("/:"), host.size()));
  std::vector<std::string> out(1);
  for (const char c : host) c == '.' ? void(out.emplace_back()) : out.back().push_back(c);
  return out;
}

}  // namespace

Result<std::vector<Message>> receive(aws::Api& api, const QueueRef& queue, std::chrono::seconds wait) {
  TRY_VALUE(const Json answer, api.call(call_of(queue, "ReceiveMessage",
                                                {{"MaxNumberOfMessages", 10}, {"WaitTimeSeconds", wait.count()}})));
  std::vector<Message> out;
  for (const Json& one : member(answer, "Messages")) {
    out.push_back({string_at(one, "MessageId"), string_at(one, "ReceiptHandle"), string_at(one, "Body")});
  }
  return out;
}

Result<std::size_t> remove(aws::Api& api, const QueueRef& queue, const std::vector<Message>& messages) {
  if (messages.empty()) return 0;
  Json entries = Json::array();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    entries.push_back({{"Id", std::to_string(i)}, {"ReceiptHandle", messages[i].receipt}});
  }
  TRY_VALUE(const Json answer, api.call(call_of(queue, "DeleteMessageBatch", {{"Entries", std::move(entries)}})));
  return member(answer, "Failed").is_array() ? member(answer, "Failed").size() : 0;
}

std::string region_of_queue(const std::string& url) {
  const std::vector<std::string> labels = labels_of(url);
  if (std::find(labels.begin(), labels.end(), "amazonaws") == labels.end() &&
      std::none_of(labels.begin(), labels.end(), [](const std::string& each) { return each == "aws" || each == "amazonwebservices"; })) {
    return {};
  }
  for (std::size_t i = 0; i + 1 < labels.size(); ++i) {
    if (labels[i] == "sqs" || labels[i] == "sqs-fips") return labels[i + 1];
    if (labels[i + 1] == "queue") return labels[i];  // the form of old: "eu-west-1.queue.amazonaws.com"
  }
  return labels.front() == "queue" ? "us-east-1" : "";
}

std::string arn_of_queue(const std::string& url, const std::string& partition, const std::string& region) {
  const std::size_t name = url.rfind('/');
  if (name == std::string::npos || name == 0) return {};
  const std::size_t account = url.rfind('/', name - 1);
  if (account == std::string::npos) return {};
  return "arn:" + partition + ":sqs:" + region + ":" + url.substr(account + 1, name - account - 1) + ":" + url.substr(name + 1);
}

}  // namespace datamesh::lake
