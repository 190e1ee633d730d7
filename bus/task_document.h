// Documents of tasks, for gateways (which write and show them) and workers (which carry them out):
// these talk to schema/ only through the bus.
#pragma once

#include "schema/codec/task_document.h"
