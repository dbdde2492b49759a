/*
 * assets.h - the files of assets/, as they are
 */
#ifndef PLAIN_ADMIN_ASSETS_H
#define PLAIN_ADMIN_ASSETS_H

extern const char asset_admin_css[]; /* admin.css */
extern const char asset_admin_svg[];

#endif
