// SPDX-License-Identifier: BSD-3-Clause
// The C interface of a model in a shared object. Frames are the same Envelopes as on a socket.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HARNESS_MODEL_ABI_VERSION 1u

// One session of a model; what `harness_model_create` returns.
typedef struct HarnessModel {
    uint32_t abi_version;  // HARNESS_MODEL_ABI_VERSION
    uint32_t reserved;     // 0
    void* session;

    // Takes one frame and returns 0 with the reply, or nonzero without one if memory ran out. The
    // reply stays valid until the next call; it is empty if the session is over and nothing is left
    // to say.
    int (*exchange)(void* session, const uint8_t* frame, size_t frame_bytes, const uint8_t** reply,
                    size_t* reply_bytes);

    // Ends the session and frees everything, this struct too.
    void (*destroy)(struct HarnessModel* model);
} HarnessModel;

// The only symbol that a model's shared object exports. Null if memory ran out.
HarnessModel* harness_model_create(void);

#ifdef __cplusplus
}

#include <memory>
#include <string>
#include <utility>

#include "model_session.hh"

namespace harness::bridge {

struct PluginSession {
    explicit PluginSession(ModelFactory factory) : session(std::move(factory)) {}

    ModelSession session;
    std::string reply;
};

inline int exchangeWithPlugin(void* opaque, const uint8_t* frame, size_t frameBytes,
                              const uint8_t** reply, size_t* replyBytes) {
    try {
        auto& plugin = *static_cast<PluginSession*>(opaque);
        plugin.reply = plugin.session.exchange({reinterpret_cast<const char*>(frame), frameBytes});
        *reply = reinterpret_cast<const uint8_t*>(plugin.reply.data());
        *replyBytes = plugin.reply.size();
        return 0;
    } catch (...) {  // no exception may leave through C
        return 1;
    }
}

inline void destroyPlugin(HarnessModel* model) {
    const std::unique_ptr<HarnessModel> owned(model);
    const std::unique_ptr<PluginSession> session(static_cast<PluginSession*>(model->session));
}

inline HarnessModel* createPlugin(ModelFactory factory) {
    try {
        auto session = std::make_unique<PluginSession>(std::move(factory));
        auto model = std::make_unique<HarnessModel>(HarnessModel{
            HARNESS_MODEL_ABI_VERSION, 0, session.get(), exchangeWithPlugin, destroyPlugin});
        static_cast<void>(session.release());  // the struct owns it from now on
        return model.release();
    } catch (...) {
        return nullptr;
    }
}

}  // namespace harness::bridge

// Makes a shared object of a factory: HARNESS_MODEL_PLUGIN(makeVectorMac)
#define HARNESS_MODEL_PLUGIN(factory)                                                            \
    extern "C" __attribute__((visibility("default"))) HarnessModel* harness_model_create(void) { \
        return harness::bridge::createPlugin(factory);                                           \
    }
#endif
