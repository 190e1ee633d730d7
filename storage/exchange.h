// One request and its answer, from the head to the last byte of either body, without a socket.
// The server feeds it and drains it on a disk thread, one call at a time.
#pragma once

#include "storage/blob_service.h"

#include <optional>
#include <span>
#include <string>

namespace windlass::storage {

class Exchange {
 public:
  Exchange(BlobService& service, Outcome<BlobRequest> request, std::string request_id);

  // Judges the head. True: the body is wanted, so take() all of it and then finish().
  // False: answer() is ready, and the body, if there is one, is of no use.
  bool begin();
  // A part of the body. False: the answer is ready early (a full disk), the rest is of no use.
  bool take(std::span<const std::byte> bytes);
  void finish();
  // The body broke off: nothing is kept, there is nobody to answer.

  // Complete with all headers but those of the connection.
  const BlobAnswer& answer() const { return answer_; }
  // How many bytes the answer's body has (or, for HEAD, would have).
  std::uint64_t answer_length() const;
  // The answer's body when it is not in answer().body: next bytes from the file; 0 at the end.
  bool body_is_file() const { return file_.has_value(); }
  std::size_t read(std::span<std::byte> into);

  // For logs and metrics.
  std::string_view operation_name() const;
  std::string_view error_code() const;  // empty when all went well
  const std::string& request_id() const { return request_id_; }
  const BlobRequest* request() const { return request_ ? &*request_ : nullptr; }

 private:
  // What the answer's body comes from.
  struct FileBody {
    File file;
    std::uint64_t offset;
    std::uint64_t left;
  };

  template <class Work>
  void guarded(Work work);
  Check judge();
  Check check_body(std::uint64_t bytes_max);
  Check run();
  Check run_with_body();

  Check list_containers();
  Check create_container();
  Check get_container_properties();
  Check set_container_metadata();
  Check delete_container();
  Check list_blobs();

  Check begin_put_blob();
  Check begin_put_block();
  Check finish_put_blob();
  Check finish_put_block();
  Check finish_put_block_list();
  Check check_md5(const std::string& computed) const;
  Check get_blob();
  Check get_blob_properties();
  Check set_blob_properties();
  Check set_blob_metadata();
  Check delete_blob();
  Check get_block_list();

  Outcome<std::shared_ptr<Container>> container();
  Outcome<WriteTerms> write_terms() const;
  void set_validators(Generation changed, WallTime modified);
  void set_metadata(const Metadata& metadata);
  void set_blob_headers(const BlobRecord& record);
  void fail(const Refusal& refusal);
  void set_common_headers();

  BlobService& service_;
  Outcome<BlobRequest> request_;
  std::string request_id_;
  std::optional<Operation> operation_;
  Access access_;
  std::shared_ptr<Container> container_;
  std::optional<Upload> upload_;
  std::string small_body_;
  BlobAnswer answer_;
  std::optional<std::uint64_t> head_length_;
  std::optional<FileBody> file_;
  std::string error_code_;
};

}  // namespace windlass::storage
