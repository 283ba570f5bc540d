// base/cleanup.h — owned locals that release themselves.
#pragma once

// Declares what AUTO(type) runs when the local goes out of scope. `release` accepts NULL.
#define DEFINE_AUTO(type, release)                          \
	static inline void auto_##type(struct type **owned) \
	{                                                   \
		release(*owned);                            \
	}

// An owned pointer to struct `type`, which must be initialised where it is declared.
#define AUTO(type) __attribute__((cleanup(auto_##type))) struct type *

// Hand the object over to the caller: the local no longer owns it.
#define TAKE(pointer)                                   \
	({                                              \
		__typeof__(pointer) taken_ = (pointer); \
		(pointer) = NULL;                       \
		taken_;                                 \
	})
