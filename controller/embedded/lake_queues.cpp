#include "controller/embedded/lake_queues.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "controller/embedded/lake_operations.h"

namespace datamesh::embedded::lake {
namespace {

/// Messages that a queue keeps at most, and for how long.
constexpr std::size_t kMostMessages = 10'000;
constexpr std::int64_t kRetentionSeconds = 345'600;
constexpr std::int64_t kVisibilitySeconds = 30;

std::string md5_hex(std::string_view text) {
  std::array<unsigned char, 16> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_md5(), nullptr);
  std::string out;
  for (const unsigned char byte : digest) {
    std::array<char, 3> hex{};
    std::snprintf(hex.data(), hex.size(), "%02x", byte);
    out += hex.data();
  }
  return out;
}

std::string queue_key(const Session& session, const std::string& name) {
  return join_parts({session.account(), session.region(), name});
}

std::string url_of(const Session& session, const std::string& name) {
  return "https://sqs." + session.region() + ".amazonaws.com/" + session.account() + "/" + name;
}

std::string number_text(std::int64_t number) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%020lld", static_cast<long long>(number));
  return text.data();
}

/// The name in the URL of a queue, whatever its host is.
Result<std::string> named_queue(const Session& session, const Json& input) {
  const std::string url = string_at(input, "QueueUrl");
  const std::size_t slash = url.rfind('/');
  const std::string name = slash == std::string::npos ? "" : url.substr(slash + 1);
  const std::size_t before = slash == std::string::npos || slash == 0 ? std::string::npos : url.rfind('/', slash - 1);
  if (before != std::string::npos && url.substr(before + 1, slash - before - 1) != session.account()) {
    return session.error("AccessDenied", "Access to the resource " + url + " is denied.");
  }
  if (!has_queue(session, name)) return session.error("QueueDoesNotExist", "The specified queue does not exist.");
  return name;
}

const Json& attributes_of(const Session& session, const std::string& queue) {
  return session.state.queues.find(queue_key(session, queue))->at("attributes");
}

std::int64_t number_attribute(const Session& session, const std::string& queue, const char* name, std::int64_t otherwise) {
  const std::string text = string_at(attributes_of(session, queue), name);
  std::int64_t out = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::string message_prefix(const Session& session, const std::string& queue) {
  return prefix_of({session.account(), session.region(), queue});
}

/// Messages go when they are too old.
void forget_old(Session& session, const std::string& queue) {
  const std::int64_t limit =
      session.now_millis() - number_attribute(session, queue, "MessageRetentionPeriod", kRetentionSeconds) * 1000;
  std::vector<std::string> old;
  for_each_under(session.state.messages, message_prefix(session, queue), [&](const std::string& key, const Json& message) {
    if (message.at("sent").get<std::int64_t>() <= limit) old.push_back(key);
  });
  for (const std::string& key : old) session.state.messages.erase(key);
}

// ---- queues -------------------------------------------------------------------------------------------------------

Result<Json> create_queue(Session& session, const Json& input) {
  const std::string name = string_at(input, "QueueName");
  const bool is_name = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (!is_name) {
    return session.invalid("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length");
  }
  Json attributes = input.value("Attributes", Json::object());
  if (has_queue(session, name)) {
    if (!attributes.empty() && attributes != attributes_of(session, name)) {
      return session.error("QueueNameExists", "A queue already exists with the same name and a different value for an attribute");
    }
    return Json{{"QueueUrl", url_of(session, name)}};
  }
  session.state.queues.put(queue_key(session, name), {{"attributes", std::move(attributes)}, {"created", session.now_millis()}});
  return Json{{"QueueUrl", url_of(session, name)}};
}

Result<Json> get_queue_url(Session& session, const Json& input) {
  const std::string name = string_at(input, "QueueName");
  const std::string owner = string_at(input, "QueueOwnerAWSAccountId");
  if ((!owner.empty() && owner != session.account()) || !has_queue(session, name)) {
    return session.error("QueueDoesNotExist", "The specified queue does not exist.");
  }
  return Json{{"QueueUrl", url_of(session, name)}};
}

Result<Json> list_queues(Session& session, const Json& input) {
  Json urls = Json::array();
  const std::string prefix = string_at(input, "QueueNamePrefix");
  for_each_under(session.state.queues, prefix_of({session.account(), session.region()}), [&](const std::string& key, const Json&) {
    const std::string_view name = part_of(key, 2);
    if (name.starts_with(prefix)) urls.push_back(url_of(session, std::string(name)));
  });
  return urls.empty() ? Json::object() : Json{{"QueueUrls", std::move(urls)}};
}

Result<Json> get_queue_attributes(Session& session, const Json& input) {
  TRY_VALUE(const std::string name, named_queue(session, input));
  forget_old(session, name);
  std::size_t waiting = 0;
  std::size_t taken = 0;
  for_each_under(session.state.messages, message_prefix(session, name), [&](const std::string&, const Json& message) {
    ++(message.at("visible").get<std::int64_t>() <= session.now_millis() ? waiting : taken);
  });
  Json all = attributes_of(session, name);
  all["ApproximateNumberOfMessages"] = std::to_string(waiting);
  all["ApproximateNumberOfMessagesNotVisible"] = std::to_string(taken);
  all["QueueArn"] = session.arn_start("sqs") + session.region() + ":" + session.account() + ":" + name;
  all["VisibilityTimeout"] = std::to_string(number_attribute(session, name, "VisibilityTimeout", kVisibilitySeconds));
  all["MessageRetentionPeriod"] = std::to_string(number_attribute(session, name, "MessageRetentionPeriod", kRetentionSeconds));
  all["CreatedTimestamp"] =
      std::to_string(session.state.queues.find(queue_key(session, name))->at("created").get<std::int64_t>() / 1000);
  Json out = Json::object();
  for (const Json& wanted : member(input, "AttributeNames")) {
    if (wanted == "All") return Json{{"Attributes", std::move(all)}};
    const std::string attribute = wanted.get<std::string>();
    if (all.contains(attribute)) out[attribute] = all[attribute];
  }
  return out.empty() ? Json::object() : Json{{"Attributes", std::move(out)}};
}

Result<Json> set_queue_attributes(Session& session, const Json& input) {
  TRY_VALUE(const std::string name, named_queue(session, input));
  Json queue = *session.state.queues.find(queue_key(session, name));
  queue["attributes"].update(input.at("Attributes"));
  session.state.queues.put(queue_key(session, name), std::move(queue));
  return Json::object();
}

Result<Json> purge_queue(Session& session, const Json& input) {
  TRY_VALUE(const std::string name, named_queue(session, input));
  erase_under(session.state.messages, message_prefix(session, name));
  return Json::object();
}

Result<Json> delete_queue(Session& session, const Json& input) {
  TRY_VALUE(const std::string name, named_queue(session, input));
  erase_under(session.state.messages, message_prefix(session, name));
  session.state.queues.erase(queue_key(session, name));
  return Json::object();
}

// ---- messages -----------------------------------------------------------------------------------------------------

Result<Json> send_one(Session& session, const std::string& queue, const Json& entry) {
  if (!member(entry, "MessageAttributes").empty()) {
    return session.error("UnsupportedOperation", "The queues of the embedded lake keep no attributes of messages.");
  }
  const std::string body = string_at(entry, "MessageBody");
  const std::string id = send(session, queue, body, entry.value("DelaySeconds", std::int64_t{0}));
  return Json{{"MessageId", id}, {"MD5OfMessageBody", md5_hex(body)}};
}

Result<Json> send_message(Session& session, const Json& input) {
  TRY_VALUE(const std::string name, named_queue(session, input));
  return send_one(session, name, input);
}

/// Calls `each` for every entry of a batch, and sorts out what succeeded.
template <class Each>
Result<Json> for_each_entry(Session& session, const Json& input, Each&& each) {
  TRY_VALUE(const std::string name, named_queue(session, input));
  const Json& entries = member(input, "Entries");
  if (entries.empty()) {
    return session.error("EmptyBatchRequest", "There should be at least one entry in the request.");
  }
  if (entries.size() > 10) {
    return session.error("TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10.");
  }
  Json done = Json::array();
  Json failed = Json::array();
  for (const Json& entry : entries) {
    Result<Json> outcome = each(name, entry);
    if (outcome) {
      (*outcome)["Id"] = entry.at("Id");
      done.push_back(std::move(*outcome));
    } else {
      failed.push_back({{"Id", entry.at("Id")}, {"SenderFault", true}, {"Code", outcome.error().code},
                        {"Message", outcome.error().message}});
    }
  }
  return Json{{"Successful", std::move(done)}, {"Failed", std::move(failed)}};
}

Result<Json> send_message_batch(Session& session, const Json& input) {
  return for_each_entry(session, input, [&](const std::string& queue, const Json& entry) { return send_one(session, queue, entry); });
}

/// What was received is not seen by others for a while. Waiting for a message is the business of whoever asks.
Result<Json> receive_message(Session& session, const Json& input) {
  TRY_VALUE(const std::string name, named_queue(session, input));
  const std::int64_t hidden =
      input.value("VisibilityTimeout", number_attribute(session, name, "VisibilityTimeout", kVisibilitySeconds));
  const std::size_t most = input.value("MaxNumberOfMessages", std::size_t{1});
  std::vector<std::pair<std::string, Json>> chosen;
  for_each_under(session.state.messages, message_prefix(session, name), [&](const std::string& key, const Json& message) {
    if (chosen.size() < most && message.at("visible").get<std::int64_t>() <= session.now_millis()) chosen.emplace_back(key, message);
  });
  Json messages = Json::array();
  for (auto& [key, message] : chosen) {
    const std::int64_t received = message.at("received").get<std::int64_t>() + 1;
    message["received"] = received;
    message["visible"] = session.now_millis() + hidden * 1000;
    Json out = {{"MessageId", message.at("id")},
                {"ReceiptHandle", std::string(part_of(key, 3)) + ":" + std::to_string(received)},
                {"Body", message.at("body")},
                {"MD5OfBody", md5_hex(message.at("body").get_ref<const std::string&>())}};
    for (const char* names : {"AttributeNames", "MessageSystemAttributeNames"}) {
      for (const Json& wanted : member(input, names)) {
        if (wanted == "All" || wanted == "SentTimestamp") {
          out["Attributes"]["SentTimestamp"] = std::to_string(message.at("sent").get<std::int64_t>());
        }
        if (wanted == "All" || wanted == "ApproximateReceiveCount") {
          out["Attributes"]["ApproximateReceiveCount"] = std::to_string(received);
        }
      }
    }
    messages.push_back(std::move(out));
    session.state.messages.put(key, std::move(message));
  }
  return messages.empty() ? Json::object() : Json{{"Messages", std::move(messages)}};
}

/// The message of a receipt. One that was received again since has another receipt; nullopt: it is gone.
Result<std::optional<std::string>> message_of(Session& session, const std::string& queue, const Json& entry) {
  const std::string receipt = string_at(entry, "ReceiptHandle");
  const std::size_t colon = receipt.find(':');
  if (colon != 20) {
    return session.error("ReceiptHandleIsInvalid", "The input receipt handle \"" + receipt + "\" is not a valid receipt handle.");
  }
  std::string key = message_prefix(session, queue) + receipt.substr(0, colon);
  const Json* message = session.state.messages.find(key);
  if (message == nullptr || std::to_string(message->at("received").get<std::int64_t>()) != receipt.substr(colon + 1)) {
    return std::nullopt;
  }
  return key;
}

Result<Json> delete_one(Session& session, const std::string& queue, const Json& entry) {
  TRY_VALUE(const auto key, message_of(session, queue, entry));
  if (key) session.state.messages.erase(*key);
  return Json::object();
}

Result<Json> delete_message(Session& session, const Json& input) {
  TRY_VALUE(const std::string name, named_queue(session, input));
  return delete_one(session, name, input);
}

Result<Json> delete_message_batch(Session& session, const Json& input) {
  return for_each_entry(session, input, [&](const std::string& queue, const Json& entry) { return delete_one(session, queue, entry); });
}

Result<Json> change_message_visibility(Session& session, const Json& input) {
  TRY_VALUE(const std::string name, named_queue(session, input));
  TRY_VALUE(const auto key, message_of(session, name, input));
  if (!key) return session.error("MessageNotInflight", "The specified message is not in flight.");
  Json message = *session.state.messages.find(*key);
  message["visible"] = session.now_millis() + input.at("VisibilityTimeout").get<std::int64_t>() * 1000;
  session.state.messages.put(*key, std::move(message));
  return Json::object();
}

}  // namespace

bool has_queue(const Session& session, const std::string& name) {
  return session.state.queues.find(queue_key(session, name)) != nullptr;
}

std::string send(Session& session, const std::string& queue, std::string body, std::int64_t delay_seconds) {
  forget_old(session, queue);
  const std::string prefix = message_prefix(session, queue);
  std::size_t count = 0;
  for_each_under(session.state.messages, prefix, [&](const std::string&, const Json&) { ++count; });
  if (count >= kMostMessages) {
    const std::string oldest = session.state.messages.lower_bound(prefix)->first;
    session.state.messages.erase(oldest);
  }
  const std::int64_t number = session.state.next_number("message");
  std::array<char, 40> id{};
  std::snprintf(id.data(), id.size(), "00000000-0000-4000-8000-%012llx", static_cast<unsigned long long>(number));
  session.state.messages.put(prefix + number_text(number), {{"id", id.data()},
                                                             {"body", std::move(body)},
                                                             {"sent", session.now_millis()},
                                                             {"visible", session.now_millis() + delay_seconds * 1000},
                                                             {"received", 0}});
  return id.data();
}

void add_queue_operations(Operations& operations) {
  const auto add = [&](const char* name, Effect effect, const char* shape, Result<Json> (*run)(Session&, const Json&)) {
    operations.add({aws::Service::Sqs, name, effect, IamRight::Administrator, shape, run});
  };
  add("CreateQueue", Effect::Write, "QueueName*:s1-80 Attributes:m tags:m", create_queue);
  add("GetQueueUrl", Effect::Read, "QueueName*:s QueueOwnerAWSAccountId:s", get_queue_url);
  add("ListQueues", Effect::Read, "QueueNamePrefix:s NextToken:s MaxResults:i1-1000", list_queues);
  add("GetQueueAttributes", Effect::Write, "QueueUrl*:s AttributeNames:[s]", get_queue_attributes);
  add("SetQueueAttributes", Effect::Write, "QueueUrl*:s Attributes*:m", set_queue_attributes);
  add("PurgeQueue", Effect::Write, "QueueUrl*:s", purge_queue);
  add("DeleteQueue", Effect::Write, "QueueUrl*:s", delete_queue);
  add("SendMessage", Effect::Write,
      "QueueUrl*:s MessageBody*:s1-1048576 DelaySeconds:i0-900 MessageAttributes:j MessageSystemAttributes:j "
      "MessageDeduplicationId:s MessageGroupId:s",
      send_message);
  add("SendMessageBatch", Effect::Write, "QueueUrl*:s Entries*:[@SendMessageBatchRequestEntry]", send_message_batch);
  add("ReceiveMessage", Effect::Write,
      "QueueUrl*:s AttributeNames:[s] MessageSystemAttributeNames:[s] MessageAttributeNames:[s] MaxNumberOfMessages:i1-10 "
      "VisibilityTimeout:i0-43200 WaitTimeSeconds:i0-20 ReceiveRequestAttemptId:s",
      receive_message);
  add("DeleteMessage", Effect::Write, "QueueUrl*:s ReceiptHandle*:s", delete_message);
  add("DeleteMessageBatch", Effect::Write, "QueueUrl*:s Entries*:[@DeleteMessageBatchRequestEntry]", delete_message_batch);
  add("ChangeMessageVisibility", Effect::Write, "QueueUrl*:s ReceiptHandle*:s VisibilityTimeout*:i0-43200",
      change_message_visibility);
}

}  // namespace datamesh::embedded::lake
