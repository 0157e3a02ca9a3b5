#ifndef GOMTL_INTERPOSE_H_
#define GOMTL_INTERPOSE_H_

#include "pjrt.h"

// How many plugins a process can have at once.
#define GOMTL_SLOTS 4

// open_plugin loads the library at path and returns its table; on failure NULL and why.
const gomtl_table *gomtl_open(const char *path, const char **why);

// gomtl_copy returns a copy of a table whose compile function is that of the slot; NULL without memory.
gomtl_table *gomtl_copy(const gomtl_table *table, int slot);

// gomtl_call calls a function of the table.
void *gomtl_call(const gomtl_table *table, int function, void *arguments);

// gomtl_load_program makes an executable of serialized bytes; 0 when the backend refuses them.
int gomtl_load_program(const gomtl_table *table, void *client, const char *bytes, size_t size, void **executable);

// gomtl_serialize_program serializes a loaded executable; 0 when the backend cannot. Free it with gomtl_free_serialized.
int gomtl_serialize_program(const gomtl_table *table, void *executable, gomtl_serialize *serialized);

void gomtl_free_serialized(gomtl_serialize *serialized);

// gomtl_platform fills in the platform version, the kind of the first device and the number of devices.
int gomtl_platform(const gomtl_table *table, void *client, gomtl_text *version, gomtl_text *kind, size_t *devices);

#endif
