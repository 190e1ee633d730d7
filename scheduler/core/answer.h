// Questions, answered from memory and rows. Nothing here changes anything.
#pragma once

#include "scheduler/core/rows.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/state.h"

namespace windlass::scheduler {

Answer answer(const State&, Rows&, const Settings&, const std::string& account, const GetPool&);
Answer answer(const State&, Rows&, const Settings&, const std::string& account, const ListPools&);
Answer answer(const State&, Rows&, const Settings&, const std::string& account, const GetNode&);
Answer answer(const State&, Rows&, const Settings&, const std::string& account, const ListNodes&);
Answer answer(const State&, Rows&, const Settings&, const std::string& account,
              const ListNodeCounts&);
Answer answer(const State&, Rows&, const Settings&, const std::string& account, const FindJob&);
Answer answer(const State&, Rows&, const Settings&, const std::string& account, const GetJob&);
Answer answer(const State&, Rows&, const Settings&, const std::string& account, const ListJobs&);
Answer answer(const State&, Rows&, const Settings&, const std::string& account,
              const GetJobSchedule&);
Answer answer(const State&, Rows&, const Settings&, const std::string& account,
              const ListJobSchedules&);
Answer answer(const State&, Rows&, const Settings&, const std::string& account,
              const GetCertificate&);
Answer answer(const State&, Rows&, const Settings&, const std::string& account,
              const ListCertificates&);
Answer answer(const State&, Rows&, const Settings&, const std::string& account, const GetTask&);
Answer answer(const State&, Rows&, const Settings&, const std::string& account, const ListTasks&);
Answer answer(const State&, Rows&, const Settings&, const std::string& account,
              const GetTaskCounts&);
Answer answer(const State&, Rows&, const Settings&, const std::string& account,
              const ListJobNodes&);
Answer answer(const State&, Rows&, const Settings&, const std::string& account,
              const GetLifetimeStatistics&);
Answer answer(const State&, Rows&, const Settings&, const std::string& account,
              const FindTaskFiles&);
Answer answer(const State&, Rows&, const Settings&, const std::string& account,
              const FindNodeFiles&);

}  // namespace windlass::scheduler
