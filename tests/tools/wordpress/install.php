<?php
// Sets a site up, with one user a role, and prints their application passwords.
define('WP_INSTALLING', true);
$_SERVER += [
    'HTTP_HOST' => '127.0.0.1:' . getenv('SITE_PORT'), 'SERVER_NAME' => '127.0.0.1', 'REQUEST_METHOD' => 'GET',
    'REQUEST_URI' => '/', 'SERVER_PROTOCOL' => 'HTTP/1.1',
];
require "$argv[1]/wp-load.php";
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
add_filter('pre_wp_mail', fn() => true);
wp_install('Test site', 'admin', 'admin@example.test', true, '', 'a password of a test');
update_option('permalink_structure', '/%postname%/');
$passwords = [];
foreach (['admin' => 'administrator', 'author' => 'author', 'contributor' => 'contributor'] as $name => $role) {
    $user = get_user_by('login', $name);
    $number = $user ? $user->ID : wp_insert_user([
        'user_login' => $name, 'user_pass' => wp_generate_password(), 'user_email' => "$name@example.test", 'role' => $role,
    ]);
    [$passwords[$name]] = WP_Application_Passwords::create_new_application_password($number, ['name' => 'test']);
}
echo json_encode($passwords), "\n";
