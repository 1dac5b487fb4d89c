// The two calls that a reader of an SQS queue makes: take what is there, and delete what was taken.
// Source: Amazon SQS API Reference, ReceiveMessage and DeleteMessageBatch
#pragma once

#include <string>
#include <vector>

#include "controller/aws/api.h"
#include "controller/base/clock.h"

namespace datamesh::lake {

/// A queue, and the account and region in which it is asked for.
struct QueueRef {
  CatalogRef reader;
  std::string url;
  auto operator<=>(const QueueRef&) const = default;
};

struct Message {
  std::string id;       ///< the same when it is delivered again
  std::string receipt;  ///< of this delivery
  std::string body;
  bool operator==(const Message&) const = default;
};

/// At most ten messages. Waits for the first for as long as `wait` says, which is 20 seconds at most; a queue without
/// messages is a success.
/// Errors: AWS's; NotFound when there is no such queue.
Result<std::vector<Message>> receive(aws::Api& api, const QueueRef& queue, std::chrono::seconds wait);

/// Deletes at most ten messages. Returns how many were not deleted, and so come again.
/// Errors: AWS's, where none was.
Result<std::size_t> remove(aws::Api& api, const QueueRef& queue, const std::vector<Message>& messages);

/// "eu-west-1" in "https://sqs.eu-west-1.amazonaws.com/…" and in the URLs of other partitions, of FIPS, dual-stack and
/// PrivateLink, and of old; empty when the host is none of AWS's.
std::string region_of_queue(const std::string& url);

/// "arn:aws:sqs:eu-west-1:111122223333:datamesh-notices"
std::string arn_of_queue(const std::string& url, const std::string& partition, const std::string& region);

}  // namespace datamesh::lake
