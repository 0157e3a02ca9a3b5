#ifndef GOMTL_INTERPOSE_H_
#define GOMTL_INTERPOSE_H_

#include "pjrt.h"

// How many plugins a process can have at once.
#define GOMTL_SLOTS 4

// gomtl_open returns the table of the library at path, which is loaded already; on failure NULL and why.
const gomtl_table *gomtl_open(const char *path, const char **why);

// gomtl_hook puts the compile function of the slot into a table and returns the one that was there;
// NULL where the table cannot be written.
gomtl_function gomtl_hook(gomtl_table *table, int slot);

// gomtl_compile_with calls what gomtl_hook returned.
void *gomtl_compile_with(gomtl_function compile, gomtl_compile *arguments);

// gomtl_call calls a function of the table.
void *gomtl_call(const gomtl_table *table, int function, void *arguments);

// gomtl_load_program makes an executable of serialized bytes; 0 when the backend refuses them.
int gomtl_load_program(const gomtl_table *table, void *client, const char *bytes, size_t size,
                       void **executable);

// gomtl_serialize_program serializes a loaded executable; 0 when the backend cannot. Free it with
// gomtl_free_serialized.
int gomtl_serialize_program(const gomtl_table *table, void *executable, gomtl_serialize *serialized);

void gomtl_free_serialized(gomtl_serialize *serialized);

// gomtl_describe writes the platform, its version and the devices of a client, as far as there is
// room, and returns the length; 0 where the plugin does not say them.
size_t gomtl_describe(const gomtl_table *table, void *client, char *text, size_t room);

#endif
