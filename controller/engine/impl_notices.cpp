// What others say about catalogs: a notice brings the next sweep of a catalog forward, and is believed in nothing else.
//
//   many notices ──► one reading ──pause──► one reading of what was said meanwhile ──pause──► …
#include <algorithm>

#include "controller/engine/impl.h"
#include "controller/mesh/topology.h"
#include "reconcilers/reasons.h"

namespace datamesh::engine {

namespace reason = reconcilers::reason;

namespace {

/// Between the end of a reading and the next one that notices bring about; longer where reading takes long.
constexpr Millis kLeastPause{2'000};
constexpr int kPausePerReading = 4;

/// Events of Glue do not say who made the change. Shortly after a write of ours they are likely about that.
constexpr Millis kEcho{60'000};

/// How far the clock of events may be from ours.
constexpr Millis kMostSkew{5 * 60'000};

/// "arn:aws:sts::111122223333:assumed-role/datamesh-operator/datamesh-operator": the operator, as CloudTrail calls it.
std::string session_arn(const std::string& role) {
  const std::size_t begin = role.find(":iam::");
  const std::size_t path = role.find(":role/");
  if (begin == std::string::npos || path == std::string::npos) return {};
  const std::string account = role.substr(begin + 6, path - begin - 6);
  return role.substr(0, begin) + ":sts::" + account + ":assumed-role/" + role.substr(role.rfind('/') + 1) + "/" +
         kOperatorSession;
}

reconcilers::StatedCondition not_received(const api::AccountSpec& account, const std::string& url, const Error& error) {
  std::string_view why = reason::kQueueUnreachable;
  std::string remedy = "check its URL and region, and that the operator can reach it";
  if (error.kind == ErrorKind::NotFound) {
    why = reason::kQueueNotFound;
    remedy = "make the queue, or correct the URL or region in changeNotices";
  } else if (error.kind == ErrorKind::Denied) {
    why = reason::kQueueAccessDenied;
    remedy = "allow " + mesh::operator_role(account) + " sqs:ReceiveMessage and sqs:DeleteMessage on it, and kms:Decrypt " +
             "where it has a key of its own";
  }
  return {"ChangeNotices", "False", std::string(why),
          "the queue " + url + " is not read: " + to_string(error) + ". Changes are seen by the sweeps alone; " + remedy};
}

Time resumes(const CatalogState& state) {
  if (!state.snapshot) return {};
  return state.observed_at + std::max<Millis>(kLeastPause, kPausePerReading * (state.observed_at - state.snapshot->taken));
}

}  // namespace

void Engine::Impl::catalogs_changed(const lake::Notice& notice) {
  if (stopping_) return;
  NoticeFate fate = NoticeFate::Undeclared;
  if (is_own(notice.caller)) {
    fate = NoticeFate::Own;
  } else {
    for (const CatalogRef& ref : notice.catalogs) fate = std::min(fate, wake(ref, notice));
  }
  if (parts_.observer == nullptr) return;
  std::optional<Millis> lag;
  if (fate == NoticeFate::Woke && notice.when) lag = std::max(Millis(0), now() - *notice.when);
  parts_.observer->noticed(fate, lag);
}

bool Engine::Impl::is_own(const std::string& caller) const {
  if (caller.empty()) return false;
  for (const api::Resource* account : mesh_.accounts_with_id(catalog::account_of_principal(caller))) {
    if (session_arn(mesh::operator_role(mesh::spec_of<api::AccountSpec>(*account))) == caller) return true;
  }
  return false;
}

NoticeFate Engine::Impl::wake(const CatalogRef& ref, const lake::Notice& notice) {
  const auto found = catalogs_.find(ref);
  if (found == catalogs_.end() || mesh_.accounts_with_id(ref.account).empty()) return NoticeFate::Undeclared;
  CatalogState& state = found->second;
  if (state.snapshot && notice.when && *notice.when + kMostSkew < state.snapshot->taken) return NoticeFate::Stale;
  const bool is_echo = notice.caller.empty() && now() < state.wrote_at + kEcho;
  const Time due = is_echo ? state.wrote_at + kEcho : now();
  state.noticed = std::min(state.noticed.value_or(due), due);
  if (!state.busy) {
    follow_notice(state);
    wake_at(state, std::max(now(), state.next_sweep));
  }
  return NoticeFate::Woke;
}

/// What was said of the catalog while it was read may be missing in what was read.
void Engine::Impl::follow_notice(CatalogState& state) {
  if (state.noticed) state.next_sweep = std::min(state.next_sweep, std::max(*state.noticed, resumes(state)));
}

/// Says which queues there are, once for many Accounts that change together.
void Engine::Impl::tell_of_queues() {
  if (!parts_.notice_queues || queues_posted_) return;
  queues_posted_ = true;
  parts_.executor->post([this] {
    queues_posted_ = false;
    std::map<std::string, NoticeQueue> queues;  // two accounts may name one queue
    for (const auto& [key, resource] : mesh_.all()) {
      const auto* account = std::get_if<api::AccountSpec>(&resource->spec);
      if (account == nullptr || mesh_.accounts_with_id(account->account_id).front() != resource.get()) continue;
      for (const api::NoticeQueue& each : account->notice_queues) {
        queues.try_emplace(each.url, NoticeQueue{queue_of(*account, each), *account});
      }
    }
    std::vector<NoticeQueue> all;
    for (auto& [url, queue] : queues) all.push_back(std::move(queue));
    if (all == told_queues_) return;
    told_queues_ = all;
    std::erase_if(polled_queues_, [&](const auto& each) {
      return std::none_of(all.begin(), all.end(), [&](const NoticeQueue& queue) { return queue.queue.url == each.first; });
    });
    parts_.notice_queues(std::move(all));
  });
}

void Engine::Impl::queue_polled(const std::string& url, const std::optional<Error>& error) {
  if (stopping_) return;
  polled_queues_[url] = error;
  for (const auto& [key, resource] : mesh_.all()) {
    const auto* account = std::get_if<api::AccountSpec>(&resource->spec);
    if (account == nullptr) continue;
    const bool declares = std::any_of(account->notice_queues.begin(), account->notice_queues.end(),
                                      [&](const api::NoticeQueue& each) { return each.url == url; });
    ResourceState* const state = declares ? ledger_.find(key) : nullptr;
    if (state != nullptr) assess_later(*state);
  }
}

/// The condition ChangeNotices; nullopt for accounts without queues, and until all have been asked or one has failed.
std::optional<reconcilers::StatedCondition> Engine::Impl::change_notices(const api::Resource& account) const {
  const auto& spec = mesh::spec_of<api::AccountSpec>(account);
  const auto same = mesh_.accounts_with_id(spec.account_id);
  if (spec.notice_queues.empty() || same.empty() || same.front()->key != account.key) return std::nullopt;
  std::size_t asked = 0;
  for (const api::NoticeQueue& each : spec.notice_queues) {
    const auto polled = polled_queues_.find(each.url);
    if (polled == polled_queues_.end()) continue;
    ++asked;
    if (polled->second) return not_received(spec, each.url, *polled->second);
  }
  if (asked < spec.notice_queues.size()) return std::nullopt;
  return reconcilers::StatedCondition{"ChangeNotices", "True", std::string(reason::kNoticesReceived),
                                      "the queues of change notices are read"};
}

lake::QueueRef queue_of(const api::AccountSpec& account, const api::NoticeQueue& queue) {
  std::string region = queue.region.empty() ? lake::region_of_queue(queue.url) : queue.region;
  if (region.empty() && !account.regions.empty()) region = account.regions.front();
  return {{account.account_id, std::move(region)}, queue.url};
}

}  // namespace datamesh::engine
