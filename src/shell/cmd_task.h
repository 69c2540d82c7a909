/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the commands on processes share: the current task, addresses and lengths, values. */
#ifndef SHELL_CMD_TASK_H
#define SHELL_CMD_TASK_H

#include <mmsh/task.h>

#include "command.h"
#include "value.h"

extern const struct value_type value_task_type, value_mapping_type;

/* NULL: there is none yet. For those who only follow what happens. */
struct task_struct *current_task(const struct shell *sh);
/*
 * All who look for a task come by here, and find one, with an address space: the first starts init. A display
 * that is brought up to date starts nothing.
 *
 * need_task - the current task
 * need_owner - whoever has the address: one of the user's half is the current task's
 * need_path - those whom a file of the model, or a directory, tells about, if it does
 * arg_task - the task whose PID it is
 *
 * Return: 0, or -errno with the error set.
 */
int need_task(struct shell *sh, struct task_struct **t);
int need_owner(struct shell *sh, vaddr_t va);
int need_path(struct shell *sh, const char *path);
int arg_task(struct shell *sh, const struct arg *a, struct task_struct **t);

/* `PID 1 (init)` */
void task_print(struct shell *sh, const struct task_struct *t);

/* A number as an address or a length of this machine. Return: 0 or -EINVAL with the error set. */
int arg_address(struct shell *sh, const struct arg *a, vaddr_t *addr);
int arg_length(struct shell *sh, const struct arg *a, uint64_t *len);
/* ADDR [LEN]: without LEN, ADDR is a mapping's value and that mapping is meant. */
int arg_area(struct shell *sh, const struct arg *addr, const struct arg *len, vaddr_t *a,
	     uint64_t *l);
/* The mapping whose value @a is, not freed yet; NULL. */
struct item *arg_mapping(struct shell *sh, const struct arg *a);
/* The command's value: a mapping of @t's. */
void mapping_value(struct shell *sh, const struct task_struct *t, vaddr_t addr, uint64_t len);
/* The values that @pid had are freed, its mappings; and, if it is gone, itself. */
void values_lose_task(struct shell *sh, int pid, bool gone);

/* Whether an address is of the user's half. */
bool is_user_address(const struct shell *sh, vaddr_t va);
/* The page that the current task has there. Returns: whether there is one. */
bool user_pfn(const struct shell *sh, vaddr_t va, uint64_t *pfn);
/* The byte there in the current task, without a fault; NULL: nothing is mapped. */
unsigned char *user_addr_to_host(const struct shell *sh, vaddr_t va);
/* Before an access of the kernel's to a page of its own that is mapped. */
void kernel_fault(struct shell *sh, vaddr_t va);
/* As the current task writes, with the faults that it takes. Returns: 0 or -errno with the error
   set. */
int write_user(struct shell *sh, vaddr_t va, unsigned char *bytes, size_t n);

/* Words for bits, each ended by a row without a name. */
extern const struct bit_name map_flags[], personalities[];
/* "MAP_SHARED", or "shared" for short, of @names, whose @prefix is "MAP_". Returns: false with the
   error set: @word is no @what. */
bool find_bit(struct shell *sh, const struct bit_name *names, const char *prefix,
	      const char *what, const char *word, unsigned *bits);

/* A system call that failed: `ENOMEM: nothing is mapped at 0x0`, the rule that refused it; @why
   instead of that one. Returns: @err. */
int call_failed(struct shell *sh, int64_t err, const char *why);

#endif
