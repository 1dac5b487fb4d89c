// All watches of all kinds: turns a request into a stream on the feed of its kind. A feed is made when somebody first
// watches its kind.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "controller/base/executor.h"
#include "controller/http/server.h"
#include "controller/kube/accept.h"
#include "controller/kube/backend.h"
#include "controller/kube/store_feed.h"
#include "controller/kube/watch_stream.h"

namespace datamesh::kube {

class WatchHub : public std::enable_shared_from_this<WatchHub> {
 public:
  /// All must outlive it.
  WatchHub(const Backend& backend, Executor& executor, StoreFeed& store_feed);

  /// Answers a watch with a stream, or with what is wrong. The executor's thread.
  void open(const Target& target, const http::Request& request, const Accept& accept, http::Respond respond);

  /// For the store's feed.
  void changed(const std::vector<api::WatchEvent>& events);
  void lost();

 private:
  struct Options;
  static Outcome<Options> parse(const Backend& backend, const http::Request& request, const ServedType& type);

  Outcome<std::shared_ptr<WatchFeed>> feed_of(const ServedType& type);
  Outcome<void> reach_back(WatchFeed& feed, const ServedType& type, api::Revision since);
  void answer(WatchPlan plan, const http::Respond& respond);
  void answer_with_objects(WatchPlan plan, const Target& target, const Options& options, http::Respond respond);

  const Backend backend_;
  Executor& executor_;
  StoreFeed& store_feed_;
  std::map<std::string, std::shared_ptr<WatchFeed>> feeds_;
  std::uint64_t opened_ = 0;
};

/// A response that is a stream of events.
http::Response stream_response(std::shared_ptr<http::BodySource> source);

}  // namespace datamesh::kube
