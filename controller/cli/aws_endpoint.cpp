#include "controller/cli/aws_endpoint.h"

#include <filesystem>

#include "controller/cli/aws_profiles.h"
#include "controller/cli/lake_wire.h"
#include "controller/cli/state_folder.h"

namespace datamesh::cli {
namespace {

constexpr const char* kPortName = "port";
constexpr const char* kConfigName = "config";
constexpr const char* kCredentialsName = "credentials";

/// With TLS, and as many without.
constexpr std::size_t kMostConnections = 128;

/// Neither inputs nor outputs: they hold secrets where STS is asked.
LakeWire::Heard call_log(Log& log) {
  return [&log](const aws::WireKey& caller, const aws::Call& call, const Result<Json>& outcome) {
    log.debug("aws call", {{"principal", caller.principal},
                           {"session", caller.session},
                           {"account", call.target.account},
                           {"region", call.target.region},
                           {"operation", std::string(aws::to_string(call.service)) + ":" + call.operation},
                           {"outcome", outcome ? "Success" : outcome.error().code}});
  };
}

}  // namespace

class AwsEndpoint::Impl : public std::enable_shared_from_this<AwsEndpoint::Impl> {
 public:
  Impl(const AwsEndpointOptions& options, const AwsEndpointParts& parts, AwsKey key)
      : parts_(parts),
        folder_(options.state_folder + "/" + kAwsFolder),
        ca_file_(std::filesystem::absolute(options.state_folder + "/" + kAuthorityFile).lexically_normal()),
        key_(std::move(key)),
        lake_(*parts.lake, key_, call_log(*parts.log)),
        facade_({&lake_, parts.clock, parts.executor}) {}

  Result<void> start(const AwsEndpointOptions& options) {
    TRY_VALUE(server_, serve_where_it_was(options));
    if (options.plain) {
      TRY_VALUE(plain_, serve(*options.plain, std::nullopt));
    }
    TRY(write_state_file(folder_, kPortName, std::to_string(server_->address().port)));
    TRY(write_state_file(folder_, kCredentialsName, aws_credentials_text(key_)));
    TRY(write_config());
    parts_.executor->post([self = shared_from_this()] {
      self->is_lost_ = true;
      self->refresh();
    });
    return {};
  }

  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::Server> plain_;

 private:
  Result<std::unique_ptr<http::Server>> serve(const http::Address& address, std::optional<http::TlsIdentity> tls) {
    http::ServerOptions options;
    options.limits.connections = kMostConnections;
    options.tls = std::move(tls);
    options.refusal = aws::wire_refusal;
    return http::Server::start(address, options, [this](http::Request request, http::Respond respond) {
      facade_.handle(std::move(request), std::move(respond));
    });
  }

  Result<std::unique_ptr<http::Server>> serve_where_it_was(const AwsEndpointOptions& options) {
    const auto last = http::parse_address(":" + read_state_file(folder_, kPortName).value_or("0"));
    if (options.listen.port == 0 && last) {
      auto server = serve({options.listen.host, last->port}, options.tls);
      if (server) return server;
    }
    return serve(options.listen, options.tls);
  }

  /// Returns the revision of the Accounts that it was written for.
  Result<api::Revision> write_config() {
    api::ListRequest request;
    request.kind = "Account";
    TRY_VALUE(const api::ListPage accounts, parts_.store->list(request));
    const AwsEndpointFacts facts{"https://" + to_string(server_->address()), ca_file_};
    const std::string text = aws_config_text(aws_profiles(accounts.items), facts);
    if (text != written_) TRY(write_state_file(folder_, kConfigName, text));
    written_ = text;
    return accounts.revision;
  }

  Result<void> follow(api::Revision since) {
    const auto wake = [weak = weak_from_this(), executor = parts_.executor] {
      executor->post([weak] {
        if (const auto self = weak.lock()) self->poll();
      });
    };
    TRY_VALUE(watch_, parts_.store->watch({"Account", std::nullopt, since}, wake));
    return {};
  }

  /// On the executor's thread.
  void poll() {
    const auto events = watch_->poll();
    if (events && events->empty()) return;
    is_lost_ = is_lost_ || !events;
    refresh();
  }

  /// One job at a time; what changes meanwhile makes another. On the executor's thread.
  void refresh() {
    is_stale_ = true;
    if (is_writing_) return;
    is_stale_ = false;
    is_writing_ = true;
    parts_.executor->offload([self = shared_from_this()]() -> Executor::Task {
      const auto written = self->write_config();
      if (!written) {
        self->parts_.log->warn("the profiles of the AWS endpoint could not be written",
                               {{"reason", to_string(written.error())}});
      }
      return [self, written] { self->refreshed(written); };
    });
  }

  void refreshed(const Result<api::Revision>& seen) {
    is_writing_ = false;
    if (is_lost_ && seen) is_lost_ = !follow(*seen);
    if (is_stale_) refresh();
  }

  const AwsEndpointParts parts_;
  const std::string folder_;
  const std::string ca_file_;
  const AwsKey key_;
  LakeWire lake_;
  aws::WireFacade facade_;
  std::unique_ptr<api::Watch> watch_;
  std::string written_;
  bool is_writing_ = false;
  bool is_stale_ = false;  ///< something changed since the job under way began
  bool is_lost_ = false;   ///< there is no watch, or it missed events: it must begin anew
};

AwsEndpoint::AwsEndpoint(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
AwsEndpoint::~AwsEndpoint() = default;

Result<std::unique_ptr<AwsEndpoint>> AwsEndpoint::open(const AwsEndpointOptions& options,
                                                       const AwsEndpointParts& parts) {
  const std::string folder = options.state_folder + "/" + kAwsFolder;
  TRY(make_state_folder(folder));
  TRY_VALUE(AwsKey key, open_aws_key(folder));
  auto impl = std::make_shared<Impl>(options, parts, std::move(key));
  TRY(impl->start(options));
  return std::unique_ptr<AwsEndpoint>(new AwsEndpoint(std::move(impl)));
}

http::Address AwsEndpoint::address() const { return impl_->server_->address(); }

std::optional<http::Address> AwsEndpoint::plain_address() const {
  if (!impl_->plain_) return std::nullopt;
  return impl_->plain_->address();
}

void AwsEndpoint::stop(Millis patience) {
  impl_->server_->stop(patience);
  if (impl_->plain_) impl_->plain_->stop(patience);
}

}  // namespace datamesh::cli
