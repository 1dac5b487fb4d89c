// A watch over HTTP without streaming: the answer comes as soon as there are events, or empty when time is up.
#pragma once

#include "controller/api/resource_store.h"
#include "controller/base/executor.h"
#include "controller/http/server.h"
#include "controller/kube/selector.h"

namespace datamesh::cli {

struct LongPoll {
  api::WatchRequest watch;
  kube::Selector selector;  ///< events of objects that it does not select are left out
  Time deadline;
};

/// Answers {"events": [{"type", "object"}], "resourceVersion"} or a Status. On the executor's thread.
void start_long_poll(const LongPoll& wanted, api::ResourceStore& store, Executor& executor, http::Respond respond);

}  // namespace datamesh::cli
