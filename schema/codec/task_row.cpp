#include "schema/codec/task_row.h"

#include "schema/codec/dense_task.h"

namespace windlass {

namespace {

template <class Value, class Take>
Result<Value> decode(std::string_view bytes, const TaskKey& key, Take&& take) {
  try {
    OpenTask task;
    codec::DenseReader in(bytes);
    codec::TaskNeighbour alone;
    codec::take_dense_task(in, alone, task);
    if (!in.at_end()) return codec::malformed("bytes behind a task's row");
    task.record.key = key;
    return take(task);
  } catch (const codec::Malformed& e) {
    return codec::malformed(e.what());
  }
}

}  // namespace

void encode_task_row(std::string& out, const OpenTask& task) {
  codec::DenseWriter writer(out);
  codec::TaskNeighbour alone{.alone = true};
  codec::put_dense_task(writer, alone, task.record, task.depends_on_ids, task.depends_on_ranges,
                        task.affinity_id);
}

void encode_task_row(std::string& out, const TaskRecord& record) {
  codec::DenseWriter writer(out);
  codec::TaskNeighbour alone{.alone = true};
  codec::put_dense_task(writer, alone, record, {}, {}, {});
}

Result<OpenTask> decode_open_task(std::string_view bytes, const TaskKey& key) {
  return decode<OpenTask>(bytes, key,
                          [](OpenTask& task) { return Result<OpenTask>(std::move(task)); });
}

Result<TaskRecord> decode_task_record(std::string_view bytes, const TaskKey& key) {
  return decode<TaskRecord>(
      bytes, key, [](OpenTask& task) { return Result<TaskRecord>(std::move(task.record)); });
}

}  // namespace windlass
