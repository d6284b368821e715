// The specification of Migrations.
