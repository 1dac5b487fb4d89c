// The folder in which `datamesh up` keeps everything, and through which the other commands find it.
#pragma once

#include <optional>
#include <string>

#include "controller/base/result.h"

namespace datamesh::cli {

inline constexpr const char* kObjectsFile = "objects.db";
inline constexpr const char* kLakeFile = "lake.db";
inline constexpr const char* kAuditFile = "audit.jsonl";
inline constexpr const char* kAddressFile = "address";                 ///< where the API listens
inline constexpr const char* kMetricsAddressFile = "metrics-address";  ///< where /metrics is
inline constexpr const char* kTokenFile = "token";                     ///< what the API asks for
inline constexpr const char* kAuthorityFile = "ca.crt";                ///< who vouches for the API's certificate
inline constexpr const char* kKubeconfigFile = "kubeconfig";           ///< all of that for kubectl
inline constexpr const char* kPortFile = "port";                       ///< the API's last one, to be taken again
inline constexpr const char* kAwsFolder = "aws";                       ///< what clients of the AWS endpoint need

/// The folder when none is named: $DATAMESH_HOME, $XDG_STATE_HOME/datamesh, or ~/.local/state/datamesh.
/// Errors: Invalid when none of the three can be told.
Result<std::string> default_state_folder();

/// Makes the folder, for this user only, where it is missing.
/// Errors: Unavailable, naming the folder and what to do.
Result<void> make_state_folder(const std::string& folder);

/// Replaces a file of the folder, readable for this user only, by `text`, which gets a newline at its end if it has
/// none. Whoever reads it sees the old or the new text.
/// Errors: Unavailable.
Result<void> write_state_file(const std::string& folder, const char* name, const std::string& text);
/// The text of a file without the newline at its end; nullopt when it cannot be read or is empty.
std::optional<std::string> read_state_file(const std::string& folder, const char* name);
/// All of a file's text; nullopt when it cannot be read or is empty.
std::optional<std::string> read_state_text(const std::string& folder, const char* name);
void remove_state_file(const std::string& folder, const char* name);

/// 32 hexadecimal digits that nobody can guess.
std::string random_token();

/// Holds the folder for this process until destroyed, so that two servers cannot work in it.
class FolderLock {
 public:
  /// Errors: Unavailable when another process holds it.
  static Result<FolderLock> take(const std::string& folder);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int file) : file_(file) {}
  int file_;
};

}  // namespace datamesh::cli
