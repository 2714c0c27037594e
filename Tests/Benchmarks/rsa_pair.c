// SPDX-License-Identifier: Apache-2.0
// The least work that two RSA-2048 keys take: libcrypto makes both at once in one process, one thread each, and
// nothing is encoded or written.
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdio.h>

static void *generate(void *slot)
{
    *(EVP_PKEY **)slot = EVP_RSA_gen(2048);
    return NULL;
}

int main(void)
{
    EVP_PKEY *keys[2] = {NULL, NULL};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, generate, &keys[i]) != 0) {
            perror("rsa_pair: pthread_create");
            return 1;
        }
    }
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    if (keys[0] == NULL || keys[1] == NULL) {
        fputs("rsa_pair: no key was made\n", stderr);
        return 1;
    }
    for (int i = 0; i < 2; i++) EVP_PKEY_free(keys[i]);
    return 0;
}
