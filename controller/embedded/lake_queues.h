// SQS queues of the lake: just what a reader of change notices and whoever tries it out need. Kept in the lake's file like
// everything else; no FIFO queues, no policies, no attributes of messages, no dead letters.
// Source: Amazon SQS API Reference
#pragma once

#include <string>

#include "controller/embedded/lake_session.h"

namespace datamesh::embedded::lake {

/// The queue of an account and region that hears of every write there, once somebody has created it.
inline constexpr const char* kNoticeQueue = "datamesh-notices";

bool has_queue(const Session& session, const std::string& name);
/// Puts a message into a queue that exists. A queue that nobody reads forgets its oldest messages. Returns the id.
std::string send(Session& session, const std::string& queue, std::string body, std::int64_t delay_seconds = 0);

/// After a call that changed something: the events that EventBridge would bring of it, in `kNoticeQueue`. What CloudTrail
/// tells of a request is cut down to the names in it.
/// Source: controller/lake/notice.h names the documents that show such events
void tell_of_write(Session& session);

}  // namespace datamesh::embedded::lake
