<?php
foreach (['NAME' => 'wp', 'USER' => 'wp', 'PASSWORD' => 'wp', 'CHARSET' => 'utf8mb4', 'COLLATE' => ''] as $name => $value) {
    define("DB_$name", $value);
}
define('DB_HOST', '127.0.0.1:' . getenv('STORE_PORT'));
define('WP_HOME', 'http://127.0.0.1:' . getenv('SITE_PORT'));
define('WP_SITEURL', WP_HOME);
define('WP_ENVIRONMENT_TYPE', 'local'); // application passwords work without TLS
foreach (['DISABLE_WP_CRON', 'AUTOMATIC_UPDATER_DISABLED', 'WP_HTTP_BLOCK_EXTERNAL'] as $name) {
    define($name, true);
}
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {
    define("{$name}_KEY", "$name key of a test");
    define("{$name}_SALT", "$name salt of a test");
}
$table_prefix = 'wp_';
defined('ABSPATH') || define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
