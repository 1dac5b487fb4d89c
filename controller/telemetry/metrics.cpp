#include "controller/telemetry/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <mutex>
#include <set>

#include "controller/base/text.h"
#include "controller/telemetry/process_metrics.h"

namespace datamesh::telemetry {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;
using prometheus::MetricFamily;

using Buckets = Histogram::BucketBoundaries;

/// Source: operator-runtime.md 14
const Buckets kReconcileBuckets = {.005, .01, .025, .05, .1, .15, .2, .25, .3, .35, .4, .45, .5,  .6,
                                   .7,   .8,  .9,   1,   1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4,  4.5, 5,
                                   6,    7,   8,    9,   10, 15, 20,  25,  30,  40, 50,  60};
const Buckets kQueueBuckets = {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000};
const Buckets kCallBuckets = {.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30};
const Buckets kBatchBuckets = {1, 2, 5, 10, 15, 19, 20, 50, 100};
const Buckets kLatencyBuckets = {.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600};

double seconds(Millis time) { return std::chrono::duration<double>(time).count(); }

const char* result_label(engine::Outcome outcome) {
  switch (outcome) {
    case engine::Outcome::Success: return "success";
    case engine::Outcome::Error: return "error";
    case engine::Outcome::Requeue: return "requeue";
    case engine::Outcome::RequeueAfter: return "requeue_after";
  }
  return "error";
}

const char* class_label(engine::DriftClass drift) {
  switch (drift) {
    case engine::DriftClass::Missing: return "missing";
    case engine::DriftClass::Changed: return "changed";
    case engine::DriftClass::Undeclared: return "undeclared";
  }
  return "changed";
}

const char* fate_label(engine::NoticeFate fate) {
  switch (fate) {
    case engine::NoticeFate::Woke: return "woke";
    case engine::NoticeFate::Stale: return "stale";
    case engine::NoticeFate::Undeclared: return "undeclared";
    case engine::NoticeFate::Own: return "own";
    case engine::NoticeFate::Irrelevant: return "irrelevant";
    case engine::NoticeFate::Duplicate: return "duplicate";
    case engine::NoticeFate::Malformed: return "malformed";
  }
  return "malformed";
}

/// The series of one work queue and of the controller that empties it.
struct Queue {
  std::map<engine::Outcome, Counter*> total;
  Counter* errors = nullptr;
  Histogram* time = nullptr;
  Gauge* active = nullptr;
  Gauge* depth = nullptr;
  Counter* adds = nullptr;
  Counter* retries = nullptr;
  Histogram* waited = nullptr;
  Histogram* worked = nullptr;
  Gauge* unfinished = nullptr;
  Gauge* longest = nullptr;
  std::multiset<Time> running;  ///< when the work under way started
};

/// One family whose series are made on first use and then found without hashing all labels.
template <class T>
class Table {
 public:
  Table(Family<T>& family, std::vector<std::string> names) : family_(family), names_(std::move(names)) {}

  template <class... Arguments>
  T& at(const std::vector<std::string>& values, const Arguments&... arguments) {
    const auto found = series_.find(values);
    if (found != series_.end()) return *found->second;
    Labels labels;
    for (std::size_t i = 0; i < names_.size(); ++i) labels[names_[i]] = values[i];
    return *series_.emplace(values, &family_.Add(labels, arguments...)).first->second;
  }
  const std::map<std::vector<std::string>, T*>& series() const { return series_; }

 private:
  Family<T>& family_;
  std::vector<std::string> names_;
  std::map<std::vector<std::string>, T*> series_;
};

using Values = std::map<std::vector<std::string>, double>;

/// Sets the series to `values`; those without a value become 0 rather than keep what they had.
void replace(Table<Gauge>& table, const Values& values) {
  for (const auto& [labels, gauge] : table.series()) {
    if (values.count(labels) == 0) gauge->Set(0);
  }
  for (const auto& [labels, value] : values) table.at(labels).Set(value);
}

Values pairs(const std::map<std::pair<std::string, std::string>, std::int64_t>& counts) {
  Values out;
  for (const auto& [labels, count] : counts) out[{labels.first, labels.second}] = static_cast<double>(count);
  return out;
}

Values singles(const std::map<std::string, std::int64_t>& counts) {
  Values out;
  for (const auto& [label, count] : counts) out[{label}] = static_cast<double>(count);
  return out;
}

bool by_labels(const prometheus::ClientMetric& a, const prometheus::ClientMetric& b) {
  return std::lexicographical_compare(
      a.label.begin(), a.label.end(), b.label.begin(), b.label.end(),
      [](const auto& x, const auto& y) { return std::tie(x.name, x.value) < std::tie(y.name, y.value); });
}

}  // namespace

class Metrics::Impl {
 public:
  Impl(const Clock& clock, const MetricsOptions& options) : clock_(clock) {
    gauge("datamesh_build_info", "Always 1; the labels say which program runs.")
        .Add({{"version", options.version}})
        .Set(1);
    for (const std::string& name : options.queues) {
      add_queue(name, name == "catalog" ? options.catalog_workers : 1);
    }
  }

  Queue& queue(std::string_view name) {
    const auto found = queues_.find(name);
    return found != queues_.end() ? found->second : add_queue(std::string(name), 1);
  }

  std::string exposition() {
    {
      const std::lock_guard lock(mutex);
      for (auto& [name, queue] : queues_) measure_running(queue);
    }
    auto families = registry_.Collect();
    auto process = process_metrics();
    families.insert(families.end(), std::make_move_iterator(process.begin()),
                    std::make_move_iterator(process.end()));
    std::sort(families.begin(), families.end(),
              [](const MetricFamily& a, const MetricFamily& b) { return a.name < b.name; });
    for (MetricFamily& family : families) std::sort(family.metric.begin(), family.metric.end(), by_labels);
    return prometheus::TextSerializer().Serialize(families);
  }

  Time now() const { return clock_.now(); }

  void leads(const std::string& lease, bool leads) {
    gauge("leader_election_master_status", "1 where this replica holds the lease of that name.")
        .Add({{"name", lease}})
        .Set(leads ? 1 : 0);
  }

  std::mutex mutex;  ///< of everything that is not a series itself

 private:
  Family<Counter>& counter(const std::string& name, const std::string& help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
  }
  Family<Gauge>& gauge(const std::string& name, const std::string& help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry_);
  }
  Family<Histogram>& histogram(const std::string& name, const std::string& help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry_);
  }

  Queue& add_queue(const std::string& name, int workers) {
    const Labels controller = {{"controller", lower(name)}};
    const Labels both = {{"controller", lower(name)}, {"name", lower(name)}};
    Queue& queue = queues_[name];
    for (const auto outcome : {engine::Outcome::Success, engine::Outcome::Error, engine::Outcome::Requeue,
                               engine::Outcome::RequeueAfter}) {
      queue.total[outcome] =
          &reconcile_total_.Add({{"controller", lower(name)}, {"result", result_label(outcome)}});
    }
    queue.errors = &reconcile_errors_.Add(controller);
    queue.time = &reconcile_time_.Add(controller, kReconcileBuckets);
    queue.active = &active_workers_.Add(controller);
    max_reconciles_.Add(controller).Set(workers);
    queue.depth = &depth_.Add(both);
    queue.adds = &adds_.Add(both);
    queue.retries = &retries_.Add(both);
    queue.waited = &waited_.Add(both, kQueueBuckets);
    queue.worked = &worked_.Add(both, kQueueBuckets);
    queue.unfinished = &unfinished_.Add(both);
    queue.longest = &longest_.Add(both);
    return queue;
  }

  void measure_running(Queue& queue) const {
    const Time now = clock_.now();
    double total = 0;
    double longest = 0;
    for (const Time since : queue.running) {
      total += seconds(now - since);
      longest = std::max(longest, seconds(now - since));
    }
    queue.unfinished->Set(total);
    queue.longest->Set(longest);
  }

  const Clock& clock_;
  prometheus::Registry registry_;
  std::map<std::string, Queue, std::less<>> queues_;

  Family<Counter>& reconcile_total_ =
      counter("controller_runtime_reconcile_total", "Passes by controller and result.");
  Family<Counter>& reconcile_errors_ =
      counter("controller_runtime_reconcile_errors_total", "Passes that ended in an error, by controller.");
  Family<Histogram>& reconcile_time_ =
      histogram("controller_runtime_reconcile_time_seconds", "How long a pass took, by controller.");
  Family<Gauge>& active_workers_ =
      gauge("controller_runtime_active_workers", "Passes under way, by controller.");
  Family<Gauge>& max_reconciles_ =
      gauge("controller_runtime_max_concurrent_reconciles", "Most passes at once, by controller.");
  Family<Gauge>& depth_ = gauge("workqueue_depth", "Items waiting in the queue.");
  Family<Counter>& adds_ = counter("workqueue_adds_total", "Items ever added to the queue.");
  Family<Counter>& retries_ = counter("workqueue_retries_total", "Items that came back to the queue.");
  Family<Histogram>& waited_ =
      histogram("workqueue_queue_duration_seconds", "How long an item waited in the queue.");
  Family<Histogram>& worked_ =
      histogram("workqueue_work_duration_seconds", "How long the work on an item took.");
  Family<Gauge>& unfinished_ =
      gauge("workqueue_unfinished_work_seconds", "How long the work under way has lasted, summed up.");
  Family<Gauge>& longest_ = gauge("workqueue_longest_running_processor_seconds",
                                  "How long the oldest work under way has lasted.");

 public:
  Table<Counter> drift{counter("datamesh_drift_total", "Entries found to differ from what was in order."),
                       {"class", "kind"}};
  Table<Counter> calls{counter("datamesh_aws_api_calls_total", "Calls to AWS by outcome."),
                       {"service", "operation", "outcome"}};
  Table<Histogram> call_duration{
      histogram("datamesh_aws_api_call_duration_seconds", "How long a call to AWS took."), {"service"}};
  Table<Counter> rest_calls{
      counter("rest_client_requests_total", "Requests to the Kubernetes API server by code, method and host."),
      {"code", "host", "method"}};
  Table<Histogram> batch_size{histogram("datamesh_batch_size", "Entries in one batched write."), {"operation"}};
  Table<Histogram> edit_to_converged{
      histogram("datamesh_edit_to_converged_seconds", "From an edit to the resource being Ready."), {"kind"}};
  Histogram& sweep = histogram("datamesh_sweep_seconds", "How long reading a whole catalog took.")
                         .Add({}, kLatencyBuckets);
  Table<Counter> notices{counter("datamesh_notices_total", "Change notices received, by what became of them."), {"outcome"}};
  Histogram& notice_lag = histogram("datamesh_notice_lag_seconds", "From a change to the notice that woke its catalog.")
                              .Add({}, kLatencyBuckets);
  Counter& swept_entries =
      counter("datamesh_sweep_entries_total", "Entries read by sweeps of whole catalogs.").Add({});
  Table<Gauge> entries{gauge("datamesh_entries", "Entries of catalogs by kind and state."), {"kind", "state"}};
  Table<Gauge> hops{gauge("datamesh_hops", "Hops of the cross-account chains by state."), {"state"}};
  Table<Gauge> resources{gauge("datamesh_resources", "Declared resources by kind and state."),
                         {"kind", "state"}};
  Table<Gauge> quotas{gauge("datamesh_quota_used_ratio", "How much of a quota of AWS is used, from 0.8 on."),
                      {"catalog", "quota"}};
  Gauge& undeclared =
      gauge("datamesh_undeclared_permissions", "Permissions that no resource claims.").Add({});
  Gauge& oldest = gauge("datamesh_drift_oldest_seconds", "Age of the oldest undeclared permission.").Add({});
  Gauge& held = gauge("datamesh_plans_held", "Plans that wait for an approval.").Add({});
  Gauge& catalogs = gauge("datamesh_catalogs", "Catalogs that are worked on.").Add({});
};

Metrics::Metrics(const Clock& clock, const MetricsOptions& options)
    : impl_(std::make_unique<Impl>(clock, options)) {}
Metrics::~Metrics() = default;

void Metrics::queued(std::string_view queue) {
  const std::lock_guard lock(impl_->mutex);
  Queue& series = impl_->queue(queue);
  series.adds->Increment();
  series.depth->Increment();
}

void Metrics::started(std::string_view queue, Millis waited) {
  const std::lock_guard lock(impl_->mutex);
  Queue& series = impl_->queue(queue);
  series.depth->Set(std::max(0.0, series.depth->Value() - 1));
  series.active->Increment();
  series.waited->Observe(seconds(waited));
  series.running.insert(impl_->now());
}

void Metrics::finished(std::string_view queue, engine::Outcome outcome, Millis took) {
  const std::lock_guard lock(impl_->mutex);
  Queue& series = impl_->queue(queue);
  series.total.at(outcome)->Increment();
  if (outcome == engine::Outcome::Error) series.errors->Increment();
  series.time->Observe(seconds(took));
  series.worked->Observe(seconds(took));
  if (series.running.empty()) return;
  series.active->Decrement();
  // Items are not named, but the one that took this long started then.
  const auto began = series.running.lower_bound(impl_->now() - took);
  series.running.erase(began == series.running.end() ? std::prev(began) : began);
}

void Metrics::retried(std::string_view queue) {
  const std::lock_guard lock(impl_->mutex);
  impl_->queue(queue).retries->Increment();
}

void Metrics::batch(std::string_view operation, std::size_t size) {
  const std::lock_guard lock(impl_->mutex);
  impl_->batch_size.at({std::string(operation)}, kBatchBuckets).Observe(static_cast<double>(size));
}

void Metrics::drift(engine::DriftClass drift, std::string_view entry_kind) {
  const std::lock_guard lock(impl_->mutex);
  impl_->drift.at({class_label(drift), std::string(entry_kind)}).Increment();
}

void Metrics::swept(const CatalogRef& /*catalog*/, std::size_t entries, Millis took) {
  impl_->sweep.Observe(seconds(took));
  impl_->swept_entries.Increment(static_cast<double>(entries));
}

void Metrics::converged(std::string_view kind, Millis since_edit) {
  const std::lock_guard lock(impl_->mutex);
  impl_->edit_to_converged.at({std::string(kind)}, kLatencyBuckets).Observe(seconds(since_edit));
}

void Metrics::gauges(const engine::Gauges& gauges) {
  const std::lock_guard lock(impl_->mutex);
  replace(impl_->entries, pairs(gauges.entries));
  replace(impl_->hops, singles(gauges.hops));
  replace(impl_->resources, pairs(gauges.resources));
  impl_->undeclared.Set(static_cast<double>(gauges.undeclared));
  impl_->oldest.Set(seconds(gauges.oldest_undeclared));
  impl_->held.Set(static_cast<double>(gauges.plans_held));
  Values quotas;
  for (const auto& [labels, ratio] : gauges.quotas) quotas[{labels.first, labels.second}] = ratio;
  replace(impl_->quotas, quotas);
  impl_->catalogs.Set(static_cast<double>(gauges.catalogs));
}

void Metrics::noticed(engine::NoticeFate fate, std::optional<Millis> lag) {
  const std::lock_guard lock(impl_->mutex);
  impl_->notices.at({fate_label(fate)}).Increment();
  if (lag) impl_->notice_lag.Observe(seconds(*lag));
}

void Metrics::leads(const std::string& lease, bool leads) {
  const std::lock_guard lock(impl_->mutex);
  impl_->leads(lease, leads);
}

void Metrics::api_call(const ApiCall& call) {
  const std::lock_guard lock(impl_->mutex);
  impl_->calls.at({std::string(call.service), std::string(call.operation), std::string(call.outcome)}).Increment();
  impl_->call_duration.at({std::string(call.service)}, kCallBuckets)
      .Observe(std::chrono::duration<double>(call.duration).count());
}

void Metrics::rest_call(const std::string& host, const std::string& method, const std::string& code) {
  const std::lock_guard lock(impl_->mutex);
  impl_->rest_calls.at({code, host, method}).Increment();
}

std::string Metrics::exposition() const { return impl_->exposition(); }

}  // namespace datamesh::telemetry
