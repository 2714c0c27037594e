// SPDX-License-Identifier: Apache-2.0
#ifndef AGGBOOTSTRAP_COPENSSL_SHIM_H
#define AGGBOOTSTRAP_COPENSSL_SHIM_H
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/opensslv.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

/* What Swift does not import: combined macros and variadic functions. */

/* Name text as RFC 2253 has it; without ASN1_STRFLGS_ESC_MSB, characters beyond ASCII stay readable. */
static inline unsigned long aggbootstrap_name_flags_rfc2253(void) { return XN_FLAG_RFC2253; }
static inline unsigned long aggbootstrap_name_flags_readable(void)
{
    return XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
}

/* No session of this server is ever taken up again by a ticket. */
static inline void aggbootstrap_refuse_tickets(SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
}

/* 0, or -1 with errno. */
static inline int aggbootstrap_set_not_dumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
/* 1 where a core dump or a tracer of the same user could read this process, else 0; -1 with errno. */
static inline int aggbootstrap_get_dumpable(void) { return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0); }

/* Memory functions for libcrypto that wipe what they free: its decoders leave copies of a key behind. */
static inline void aggbootstrap_wiping_free(void *old, const char *file, int line)
{
    (void)file, (void)line;
    if (old == NULL) return;
    explicit_bzero(old, malloc_usable_size(old));
    free(old);
}
static inline void *aggbootstrap_malloc(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return size == 0 ? NULL : malloc(size);
}
static inline void *aggbootstrap_wiping_realloc(void *old, size_t size, const char *file, int line)
{
    if (size == 0) {
        aggbootstrap_wiping_free(old, file, line);
        return NULL;
    }
    void *new_memory = malloc(size);
    if (old == NULL || new_memory == NULL) return new_memory;
    size_t known = malloc_usable_size(old);
    memcpy(new_memory, old, known < size ? known : size);
    aggbootstrap_wiping_free(old, file, line);
    return new_memory;
}
/* 1, or 0 where libcrypto has allocated something already. */
static inline int aggbootstrap_wipe_freed_memory(void)
{
    return CRYPTO_set_mem_functions(
        aggbootstrap_malloc, aggbootstrap_wiping_realloc, aggbootstrap_wiping_free);
}
#endif
