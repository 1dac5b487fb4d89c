#include "controller/telemetry/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace datamesh::telemetry {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily family(std::string name, std::string help, MetricType type, double value) {
  MetricFamily made;
  made.name = std::move(name);
  made.help = std::move(help);
  made.type = type;
  made.metric.emplace_back();
  if (type == MetricType::Counter) {
    made.metric.back().counter.value = value;
  } else {
    made.metric.back().gauge.value = value;
  }
  return made;
}

void add_limit(std::vector<MetricFamily>& out, const std::string& name, const std::string& help, int resource) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) return;
  out.push_back(family(name, help, MetricType::Gauge, static_cast<double>(limit.rlim_cur)));
}

/// Seconds since the epoch at which the machine started.
double boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

/// Source: proc(5), /proc/[pid]/stat; fields are counted from 1 there
void add_stat(std::vector<MetricFamily>& out) {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t name_end = text.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos) return;
  std::istringstream rest(text.substr(name_end + 2));
  std::array<double, 25> fields{};  // from field 3 on
  std::string state;
  rest >> state;
  for (std::size_t i = 1; i < fields.size(); ++i) rest >> fields[i];
  if (!rest) return;
  const auto field = [&](std::size_t number) { return fields[number - 3]; };
  const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  out.push_back(family("process_cpu_seconds_total", "User and system CPU time of this process.",
                       MetricType::Counter, (field(14) + field(15)) / ticks));
  out.push_back(family("process_threads", "Threads of this process.", MetricType::Gauge, field(20)));
  out.push_back(family("process_start_time_seconds", "When this process started, since the epoch.",
                       MetricType::Gauge, boot_time() + field(22) / ticks));
  out.push_back(family("process_virtual_memory_bytes", "Virtual memory of this process.", MetricType::Gauge,
                       field(23)));
  out.push_back(family("process_resident_memory_bytes", "Resident memory of this process.", MetricType::Gauge,
                       field(24) * static_cast<double>(::sysconf(_SC_PAGESIZE))));
}

void add_descriptors(std::vector<MetricFamily>& out) {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
       at.increment(error)) {
    ++count;
  }
  if (error) return;
  out.push_back(family("process_open_fds", "Open file descriptors.", MetricType::Gauge, count - 1));
}

/// Source: proc(5), /proc/[pid]/net/dev: "eth0: bytes packets errs drop fifo frame compressed multicast bytes …"
void add_network(std::vector<MetricFamily>& out) {
  std::ifstream file("/proc/self/net/dev");
  double received = 0;
  double sent = 0;
  bool any = false;
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::istringstream rest(line.substr(colon + 1));
    std::array<double, 9> columns{};
    for (double& column : columns) rest >> column;
    if (!rest) continue;
    received += columns[0];
    sent += columns[8];
    any = true;
  }
  if (!any) return;
  out.push_back(family("process_network_receive_bytes_total", "Bytes received in this network namespace.",
                       MetricType::Counter, received));
  out.push_back(family("process_network_transmit_bytes_total", "Bytes sent in this network namespace.",
                       MetricType::Counter, sent));
}

}  // namespace

std::vector<MetricFamily> process_metrics() {
  std::vector<MetricFamily> out;
  add_stat(out);
  add_descriptors(out);
  add_network(out);
  add_limit(out, "process_max_fds", "Most file descriptors that may be open.", RLIMIT_NOFILE);
  add_limit(out, "process_virtual_memory_max_bytes", "Most virtual memory there may be.", RLIMIT_AS);
  return out;
}

}  // namespace datamesh::telemetry
