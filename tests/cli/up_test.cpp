// `datamesh up` as a process: it starts, answers, and ends in time, and says what is wrong when it cannot.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "controller/base/yaml.h"
#include "controller/cli/state_folder.h"
#include "controller/http/client.h"
#include "controller/http/server.h"

namespace datamesh::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// A child that runs the real binary with its output in a pipe.
class Process {
 public:
  explicit Process(const std::vector<std::string>& arguments) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    std::vector<char*> words = {const_cast<char*>(DATAMESH_BINARY)};
    for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::dup2(ends[1], STDERR_FILENO);
      ::execv(words[0], words.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    output_ = ends[0];
  }
  ~Process() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    ::close(output_);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void signal(int number) { ::kill(child_, number); }

  /// What it printed until `text` is among it, it ended, or twenty seconds have passed.
  const std::string& read_until(const std::string& text) {
    const auto deadline = SteadyClock::now() + std::chrono::seconds(20);
    while (text.empty() || printed_.find(text) == std::string::npos) {
      pollfd waiting{output_, POLLIN, 0};
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now());
      if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) break;
      char block[4096];
      const ssize_t size = ::read(output_, block, sizeof block);
      if (size <= 0) break;
      printed_.append(block, static_cast<std::size_t>(size));
    }
    return printed_;
  }

  /// Waits for its end; -1 when a signal ended it.
  int exit_status() {
    read_until("");
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t child_ = 0;
  int output_ = -1;
  std::string printed_;
};

class Up : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove_all(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::vector<std::string> arguments(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = {"up", "--state-dir", folder_, "--metrics-listen", "127.0.0.1:0"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  std::string get(const char* address_file, const std::string& path) const {
    http::ClientOptions options;
    options.ca_pem = read_state_text(folder_, kAuthorityFile).value_or("");
    const char* const scheme = address_file == std::string_view(kAddressFile) ? "https://" : "http://";
    auto client = http::Client::create(scheme + read_state_file(folder_, address_file).value_or(""), options);
    if (!client) return to_string(client.error());
    http::Request request;
    request.method = "GET";
    request.path = path;
    request.headers.add("Authorization", "Bearer " + read_state_file(folder_, kTokenFile).value_or(""));
    const auto response = client->send(request);
    return response ? std::to_string(response->status) + " " + response->body : to_string(response.error());
  }

  const std::string folder_ = testing::TempDir() + "up-" + std::to_string(::getpid());
};

constexpr const char* kStarted = "\"msg\":\"started\"";

TEST_F(Up, AnswersOnItsAddressesAndEndsWithinTwoSecondsOfASignal) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Process up(arguments());
    ASSERT_NE(up.read_until(kStarted).find(kStarted), std::string::npos) << up.read_until("");
    EXPECT_TRUE(get(kAddressFile, "/datamesh/v1/status").starts_with("200 "));
    EXPECT_NE(get(kMetricsAddressFile, "/metrics").find("datamesh_build_info"), std::string::npos);
    EXPECT_EQ(get(kMetricsAddressFile, "/healthz"), "200 ok");
    const auto begin = SteadyClock::now();
    up.signal(signal);
    EXPECT_EQ(up.exit_status(), 0);
    EXPECT_LT(SteadyClock::now() - begin, std::chrono::seconds(2));
    EXPECT_EQ(read_state_file(folder_, kAddressFile), std::nullopt);
    EXPECT_EQ(read_state_file(folder_, kMetricsAddressFile), std::nullopt);
  }
}

TEST_F(Up, IsTheSameServerToItsClientsAfterARestart) {
  const auto facts = [&] {
    Process up(arguments());
    up.read_until(kStarted);
    const std::vector<std::string> read = {*read_state_file(folder_, kAddressFile), *read_state_file(folder_, kTokenFile),
                                           *read_state_text(folder_, kKubeconfigFile)};
    up.signal(SIGTERM);
    up.exit_status();
    return read;
  };
  const auto first = facts();
  EXPECT_EQ(facts(), first);
}

TEST_F(Up, TellsKubectlHowToReachIt) {
  Process up(arguments());
  EXPECT_NE(up.read_until(kStarted).find("kubectl  --kubeconfig " + folder_ + "/kubeconfig"), std::string::npos);
  const auto config = parse_yaml(*read_state_text(folder_, kKubeconfigFile));
  ASSERT_TRUE(config) << to_string(config.error());
  EXPECT_EQ(config->at("current-context"), "datamesh");
  EXPECT_EQ(config->at("/clusters/0/cluster/server"_json_pointer), "https://" + *read_state_file(folder_, kAddressFile));
  EXPECT_EQ(config->at("/users/0/user/token"_json_pointer), *read_state_file(folder_, kTokenFile));
  for (const char* file : {"kubeconfig", "token", "ca.key", "server.key"}) {
    EXPECT_EQ(std::filesystem::status(folder_ + "/" + file).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write) << file;
  }
}

TEST_F(Up, RefusesWhoHasNoToken) {
  Process up(arguments());
  up.read_until(kStarted);
  ASSERT_TRUE(write_state_file(folder_, kTokenFile, "guessed"));
  EXPECT_TRUE(get(kAddressFile, "/datamesh/v1/status").starts_with("401 ")) << get(kAddressFile, "/datamesh/v1/status");
}

TEST_F(Up, EndsInTimeWhileCallsAreSlow) {
  Process up(arguments({"--faults", "*:*=latency(30s)"}));
  up.read_until(kStarted);
  const std::string manifest = std::string(DATAMESH_SOURCE_DIR) + "/tests/golden/mesh";
  ASSERT_EQ(Process({"--state-dir", folder_, "apply", "-f", manifest}).exit_status(), 0);
  const auto begin = SteadyClock::now();
  up.signal(SIGINT);
  EXPECT_EQ(up.exit_status(), 0);
  EXPECT_LT(SteadyClock::now() - begin, std::chrono::seconds(2));
}

TEST_F(Up, EndsAtOnceOnASecondSignal) {
  Process up(arguments({"--faults", "*:*=latency(30s)"}));
  up.read_until(kStarted);
  const std::string manifest = std::string(DATAMESH_SOURCE_DIR) + "/tests/golden/mesh";
  ASSERT_EQ(Process({"--state-dir", folder_, "apply", "-f", manifest}).exit_status(), 0);
  up.signal(SIGINT);
  up.read_until("\"msg\":\"stopping\"");
  const auto begin = SteadyClock::now();
  up.signal(SIGINT);
  EXPECT_EQ(up.exit_status(), 1);
  EXPECT_LT(SteadyClock::now() - begin, std::chrono::seconds(1));
}

TEST_F(Up, RefusesAFolderThatAnotherUses) {
  Process first(arguments());
  first.read_until(kStarted);
  Process second(arguments());
  const std::string printed = second.read_until("");
  EXPECT_EQ(second.exit_status(), 1);
  EXPECT_NE(printed.find("error: another datamesh up works in " + folder_), std::string::npos) << printed;
  EXPECT_TRUE(get(kAddressFile, "/datamesh/v1/status").starts_with("200 ")) << "the first one was disturbed";
}

TEST_F(Up, NamesAPortThatIsInUse) {
  const auto other = http::Server::start({}, {}, [](const http::Request&, const http::Respond&) {});
  ASSERT_TRUE(other);
  const std::string address = to_string((*other)->address());
  Process up({"up", "--state-dir", folder_, "--metrics-listen", address});
  const std::string printed = up.read_until("");
  EXPECT_EQ(up.exit_status(), 1);
  EXPECT_NE(printed.find("error: cannot listen on " + address), std::string::npos) << printed;
  EXPECT_NE(printed.find("choose another port"), std::string::npos) << printed;
}

TEST_F(Up, RefusesAnAddressThatOthersCanReach) {
  Process up(arguments({"--listen", "0.0.0.0:0"}));
  EXPECT_NE(up.read_until("").find("loopback"), std::string::npos);
  EXPECT_EQ(up.exit_status(), 1);
}

TEST_F(Up, TellsClientsOfAwsHowToReachTheLakeAndKeepsTheKeyToItself) {
  Process up(arguments());
  const std::string printed = up.read_until(kStarted);
  EXPECT_NE(printed.find("AWS_CONFIG_FILE=" + folder_ + "/aws/config"), std::string::npos) << printed;
  const std::string key = *read_state_file(folder_, "aws/key");
  for (const char* file : {"aws/config", "aws/credentials", "aws/key"}) {
    EXPECT_EQ(std::filesystem::status(folder_ + "/" + file).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write) << file;
  }
  const std::string secret = key.substr(key.find(' ') + 1);
  EXPECT_NE(read_state_text(folder_, "aws/credentials")->find(secret), std::string::npos);
  EXPECT_EQ(printed.find(secret), std::string::npos);
}

TEST_F(Up, WritesAProfileForEachRoleOfAnAccountThatIsDeclaredLater) {
  Process up(arguments());
  up.read_until(kStarted);
  const auto profiles = [&] { return read_state_text(folder_, "aws/config").value_or(""); };
  EXPECT_EQ(profiles().find("[profile "), std::string::npos);
  const std::string manifest = std::string(DATAMESH_SOURCE_DIR) + "/docs/examples/central/accounts.yaml";
  ASSERT_EQ(Process({"--state-dir", folder_, "apply", "-f", manifest}).exit_status(), 0);
  const auto deadline = SteadyClock::now() + std::chrono::seconds(10);
  const std::string wanted = "role_arn = arn:aws:iam::888899990000:role/Analyst";
  while (profiles().find(wanted) == std::string::npos && SteadyClock::now() < deadline) ::poll(nullptr, 0, 20);
  EXPECT_NE(profiles().find("[profile analytics-analyst]"), std::string::npos) << profiles();
  EXPECT_NE(profiles().find(wanted), std::string::npos);
}

TEST_F(Up, ServesNoClientsOfAwsWhenTold) {
  Process up(arguments({"--aws-listen", "off"}));
  EXPECT_EQ(up.read_until(kStarted).find("AWS_CONFIG_FILE"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/aws"));
}

TEST_F(Up, LetsOnlyThisMachineReachTheLake) {
  for (const char* option : {"--aws-listen", "--aws-plain-listen"}) {
    Process up(arguments({option, "0.0.0.0:0"}));
    EXPECT_NE(up.read_until("").find(std::string(option) + " takes a loopback address only"), std::string::npos);
    EXPECT_EQ(up.exit_status(), 1);
  }
}

TEST_F(Up, NamesAFolderThatCannotBe) {
  Process up({"up", "--state-dir", "/dev/null/state"});
  EXPECT_NE(up.read_until("").find("error: cannot use /dev/null/state"), std::string::npos) << up.read_until("");
  EXPECT_EQ(up.exit_status(), 1);
}

TEST_F(Up, NamesADamagedDatabaseAndLeavesItAlone) {
  for (const char* file : {kObjectsFile, kLakeFile}) {
    std::filesystem::create_directories(folder_);
    const std::string path = folder_ + "/" + file;
    const std::string garbage(8192, 'x');
    std::ofstream(path) << garbage;
    Process up(arguments());
    const std::string printed = up.read_until("");
    EXPECT_EQ(up.exit_status(), 1);
    EXPECT_NE(printed.find(path), std::string::npos) << printed;
    std::stringstream left;
    left << std::ifstream(path).rdbuf();
    EXPECT_EQ(left.str(), garbage);
    std::filesystem::remove_all(folder_);
  }
}

TEST_F(Up, SweepsAsOftenAsItIsTold) {
  Process up(arguments({"--sweep-interval", "1s"}));
  up.read_until(kStarted);
  const std::string manifest = std::string(DATAMESH_SOURCE_DIR) + "/tests/golden/mesh";  // its Mesh says five minutes
  ASSERT_EQ(Process({"--state-dir", folder_, "apply", "-f", manifest}).exit_status(), 0);
  const auto sweeps = [&] {
    const std::string metrics = get(kMetricsAddressFile, "/metrics");
    const std::size_t at = metrics.find("datamesh_sweep_seconds_count ");
    return at == std::string::npos ? 0 : std::stoi(metrics.substr(at + 29));
  };
  const auto deadline = SteadyClock::now() + std::chrono::seconds(30);
  while (sweeps() < 9 && SteadyClock::now() < deadline) ::poll(nullptr, 0, 50);
  EXPECT_GE(sweeps(), 9) << "three catalogs, three times each";
}

TEST_F(Up, RefusesASweepIntervalThatIsNone) {
  for (const char* interval : {"soon", "0s", "10ms"}) {
    Process up(arguments({"--sweep-interval", interval}));
    EXPECT_NE(up.read_until("").find(std::string("\"") + interval + "\" is no duration"), std::string::npos);
    EXPECT_EQ(up.exit_status(), 1);
  }
}

TEST_F(Up, RefusesFaultRulesThatItCannotRead) {
  Process up(arguments({"--faults", "glue:CreateTable=explode"}));
  EXPECT_NE(up.read_until("").find("explode"), std::string::npos) << up.read_until("");
  EXPECT_EQ(up.exit_status(), 1);
}

TEST_F(Up, KeepsWhatWasAcknowledgedThroughKill) {
  const std::string manifest = std::string(DATAMESH_SOURCE_DIR) + "/tests/golden/mesh";
  {
    Process up(arguments());
    up.read_until(kStarted);
    ASSERT_EQ(Process({"--state-dir", folder_, "apply", "-f", manifest}).exit_status(), 0);
    up.signal(SIGKILL);
    EXPECT_EQ(up.exit_status(), -1);
  }
  Process again(arguments());
  again.read_until(kStarted);
  EXPECT_EQ(Process({"--state-dir", folder_, "status", "--wait-converged", "--timeout", "60s"}).exit_status(), 0);
  Process get({"--state-dir", folder_, "get", "all", "-A", "-o", "name"});
  EXPECT_NE(get.read_until("").find("grant.datamesh.dev/sales-readers"), std::string::npos);
}

}  // namespace
}  // namespace datamesh::cli
